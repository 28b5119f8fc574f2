import { defineConfig } from 'tsup';

const shared = { outDir: 'test/sqlite/build', format: 'esm', removeNodeProtocol: false } as const;

export default defineConfig([
  {
    ...shared,
    entry: { 'node-sqlite-process': 'test/sqlite/node-sqlite-process.ts' },
    target: 'node22',
    skipNodeModulesBundle: true,
  },
  {
    ...shared,
    entry: { 'd1-worker': 'test/sqlite/d1-worker.ts' },
    target: 'es2024',
    platform: 'browser',
    external: [/^node:/],
  },
]);
