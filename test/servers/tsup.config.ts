import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['test/servers/support/worker.ts', 'test/servers/support/claim.ts'],
  outDir: 'test/servers/build',
  format: 'esm',
  target: 'node20',
  clean: true,
  skipNodeModulesBundle: true,
});
