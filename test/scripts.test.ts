import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

it('package.json has at most fifteen scripts, and CONTRIBUTING.md has a line for each of them', () => {
  const scripts = Object.keys(JSON.parse(read('package.json')).scripts);
  const rows = [...read('CONTRIBUTING.md').matchAll(/^\| `([\w:]+)` \|/gm)].map(([, name]) => name);
  expect(scripts.length).toBeLessThanOrEqual(15);
  expect(rows.toSorted()).toEqual(scripts.toSorted());
});
