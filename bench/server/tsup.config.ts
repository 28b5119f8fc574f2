import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['bench/server/bench.ts', 'bench/server/service-process.ts'],
  outDir: 'bench/server/build',
  format: 'esm',
  target: 'node20',
  clean: true,
  skipNodeModulesBundle: true,
  // One file each, so that the profile can tell the package's code from its dependencies.
  splitting: false,
});
