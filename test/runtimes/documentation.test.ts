import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { differences } from './differences.js';
import { comparedRuntimes, expectedDifferences } from './expected-differences.js';
import workerd from './node_modules/workerd/package.json' with { type: 'json' };
import { runtimes } from './runtime.js';

const document = readFileSync(new URL('../../docs/runtimes.md', import.meta.url), 'utf8');

it('docs/runtimes.md names the tested versions', () => {
  const [, section = ''] = document.split('| runtime | version |');
  const rows = (section.split('\n\n')[0] ?? '').matchAll(/^\| (\w+(?: \d+)?) \| (\S+) \|/gm);
  const tested = runtimes.map(({ name, identity }) => [name, identity.split(' ')[1]]);
  expect(Object.fromEntries([...rows].map(([, name, version]) => [name, version]))).toEqual({
    ...Object.fromEntries(tested),
    workerd: workerd.version,
  });
});

it('every difference has an expectation for each tested runtime', () => {
  expect(Object.keys(expectedDifferences)).toEqual(Object.keys(differences));
  expect(comparedRuntimes.toSorted()).toEqual([...runtimes.map(({ name }) => name), 'workerd'].toSorted());
  for (const { except } of Object.values(expectedDifferences))
    expect(comparedRuntimes).toEqual(expect.arrayContaining([...except]));
});
