import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['examples/service/example.ts'],
  outDir: 'examples/service/build',
  format: 'esm',
  target: 'node20',
  clean: true,
  skipNodeModulesBundle: true,
});
