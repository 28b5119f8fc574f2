import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

const bundle = async (contents: string) => {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: 'src/client', loader: 'ts' },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    target: 'es2020',
    platform: 'browser',
  });
  return { code: outputFiles[0]?.text ?? '', inputs: Object.keys(metafile.inputs) };
};

it('is smaller than 4 KB with everything, gzipped, and imports nothing', async () => {
  const { code, inputs } = await bundle("export * from './index.js'");
  expect(gzipSync(code, { level: 9 }).length).toBeLessThan(4096);
  expect(inputs.filter((path) => !path.startsWith('src/client/') && !path.includes('stdin'))).toEqual([]);
  expect(code).not.toMatch(/\bimport\b|\brequire\b|\bprocess\b|\bBuffer\b/);
});

it('contains only what the app uses', async () => {
  const { code } = await bundle("export { expo } from './index.js'");
  expect(code.length).toBeLessThan(400);
});
