import { expect, it } from 'vitest';
import { differences } from './differences.js';
import { documentedTable } from './documentation.js';
import workerd from './node_modules/workerd/package.json' with { type: 'json' };
import { runtimes } from './runtime.js';

const columns = [...runtimes.map(({ name }) => name), 'workerd', 'so this package'].toSorted();

it('names the versions that are tested', () => {
  const documented = Object.entries(documentedTable('runtime')).map(([name, { version }]) => [name, version]);
  const tested = runtimes.map(({ name, identity }) => [name, identity.split(' ')[1]]);
  expect(Object.fromEntries(documented)).toEqual({
    ...Object.fromEntries(tested),
    workerd: workerd.version,
  });
});

it('has a row for each difference and a column for each runtime', () => {
  const documented = documentedTable('the runtime …');
  expect(Object.keys(documented)).toEqual(Object.keys(differences));
  for (const row of Object.values(documented)) expect(Object.keys(row).toSorted()).toEqual(columns);
});
