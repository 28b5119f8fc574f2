import { defineConfig } from 'tsup';

export default defineConfig({
  entry: { 'open-stores': 'test/mysql/open-stores.ts' },
  outDir: 'test/mysql/build',
  format: 'esm',
  target: 'node20',
  clean: true,
  skipNodeModulesBundle: true,
});
