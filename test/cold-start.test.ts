import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

/** Returns the packages, Node.js modules and files that a module imports statically, directly or through other files. */
function loadedBy(module: URL, seen = new Set<string>()): Set<string> {
  if (seen.has(module.href)) return seen;
  seen.add(module.href);
  const source = readFileSync(module, 'utf8');
  for (const [, isType, name = ''] of source.matchAll(/^(?:import|export) (type )?(?:[^;]*? from )?'([^']+)';/gm)) {
    if (isType) continue;
    if (name.startsWith('.')) loadedBy(new URL(name.replace(/\.js$/, '.ts'), module), seen);
    else seen.add(name);
  }
  return seen;
}

it('the package loads only a CBOR decoder and no X.509, ASN.1 or CMS library, because these libraries load slowly', () => {
  const loaded = [...loadedBy(new URL('../src/index.ts', import.meta.url))];
  const packages = loaded.filter((name) => !name.startsWith('file:') && !name.startsWith('node:'));
  expect(packages).toEqual(['cbor-x/decode-no-eval']);
});
