import { defineConfig } from 'tsup';

export default defineConfig({
  entry: {
    worker: 'test/servers/support/worker.ts',
    claim: 'test/servers/support/claim.ts',
    cli: 'src/cli/index.ts',
    'key-churn': 'test/servers/support/key-churn.ts',
    'key-life-process': 'test/servers/support/key-life-process.ts',
  },
  outDir: 'test/servers/build',
  format: 'esm',
  target: 'node20',
  clean: true,
  skipNodeModulesBundle: true,
});
