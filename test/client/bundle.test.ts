import { gzipSync } from 'node:zlib';
import { parse } from 'acorn';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

const bundle = async (contents: string, target: 'es2020' | 'esnext' = 'es2020') => {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: 'src/client', loader: 'ts' },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    target,
    platform: 'browser',
  });
  return { code: outputFiles[0]?.text ?? '', inputs: Object.keys(metafile.inputs) };
};
const everything = "export * from './index.js'";

it('the complete client is smaller than 4 KB with gzip, and imports nothing', async () => {
  const { code, inputs } = await bundle(everything);
  expect(gzipSync(code, { level: 9 }).length).toBeLessThan(4096);
  expect(inputs.filter((path) => !path.startsWith('src/client/') && !path.includes('stdin'))).toEqual([]);
  expect(code).not.toMatch(/\bimport\b|\brequire\b|\bprocess\b|\bBuffer\b/);
});

it('the client is valid ES2020', async () => {
  const parses = (code: string) => parse(code, { ecmaVersion: 2020, sourceType: 'module' }).type;
  expect(parses((await bundle(everything)).code)).toBe('Program');
  const { code } = await bundle(everything, 'esnext');
  expect(() => parses(code)).toThrow(SyntaxError);
});

it.each([
  ['capacitor', 400],
  ['expo', 200],
  ['AppAttestClientError', 220],
])('a bundle that imports only %s is shorter than %i characters', async (name, length) => {
  const { code } = await bundle(`export { ${name} } from './index.js'`);
  expect(code.length).toBeLessThan(length);
  expect(code).toContain(name);
});
