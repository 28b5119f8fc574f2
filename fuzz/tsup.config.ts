import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['fuzz/fuzz.ts', 'fuzz/worker.ts'],
  outDir: 'fuzz/build',
  format: 'esm',
  target: 'node20',
  clean: true,
  skipNodeModulesBundle: true,
});
