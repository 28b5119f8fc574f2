import { fileURLToPath } from 'node:url';
import { defineConfig, type UserConfig } from 'vite';
import { singlePage } from './scripts/single-page.js';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const inspector = path('./src/inspector/');

/** The core for a browser: small modules replace the modules of Node.js. The tests bundle the core in the same way. */
export const forBrowsers = {
  define: { 'process.versions': '{}' },
  resolve: {
    alias: {
      'node:buffer': `${inspector}node/node-buffer.ts`,
      'node:crypto': `${inspector}node/node-crypto.ts`,
      'node:timers': `${inspector}node/node-timers.ts`,
      'node:util/types': `${inspector}node/node-util-types.ts`,
    },
  },
  build: {
    target: 'es2022',
    modulePreload: false,
    rolldownOptions: {
      output: { codeSplitting: false },
      transform: { inject: { Buffer: [`${inspector}node/node-buffer.ts`, 'Buffer'] } },
    },
  },
} satisfies UserConfig;

/** Builds the inspector page: one file without any references, `dist/inspector/index.html`. */
export default defineConfig({
  ...forBrowsers,
  root: inspector,
  plugins: [singlePage(path('./dist/THIRD-PARTY-NOTICES.txt'))],
  build: { ...forBrowsers.build, outDir: path('./dist/inspector'), emptyOutDir: true, reportCompressedSize: false },
});
