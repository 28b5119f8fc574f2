import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['bench/bench.ts', 'bench/check.ts', 'bench/load-server.ts', 'bench/record.ts', 'bench/receipt.ts'],
  outDir: 'bench/build',
  format: 'esm',
  target: 'node20',
  clean: true,
  skipNodeModulesBundle: true,
  external: ['node-app-attest', 'appattest-checker-node', '@bradford-tech/supabase-integrity-attest'],
});
