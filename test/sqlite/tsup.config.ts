import { fileURLToPath } from 'node:url';
import { defineConfig, type Options } from 'tsup';

const source = (path: string): string => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));

const alias = {
  'app-attest/server': source('server/index.ts'),
  'app-attest/sqlite': source('stores/sqlite/index.ts'),
};

const esbuildOptions: Options['esbuildOptions'] = (options) => {
  options.alias = alias;
};

const shared = { outDir: 'test/sqlite/build', format: 'esm', removeNodeProtocol: false, esbuildOptions } as const;

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
    splitting: false,
    external: [/^node:/],
    noExternal: [/^(?!node:)/],
  },
]);
