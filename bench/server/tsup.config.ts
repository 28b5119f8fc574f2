import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['bench/server/bench.ts', 'bench/server/service-process.ts'],
  outDir: 'bench/server/build',
  format: 'esm',
  target: 'node20',
  clean: true,
  skipNodeModulesBundle: true,
  // Each entry is one file, so that the profile can distinguish the code of the package from its dependencies.
  splitting: false,
});
