import { defineConfig, type Options } from 'tsup';

const shared: Options = {
  outDir: 'examples/service/build',
  format: 'esm',
};

export default defineConfig([
  {
    ...shared,
    entry: ['examples/service/example.ts'],
    target: 'node20',
    skipNodeModulesBundle: true,
    // The folder also contains the SQLite file, which must outlive the build, and the script of the page.
    clean: ['!*.db*', '!page.js'],
  },
  // The page contains the client, as an app does.
  { ...shared, entry: { page: 'examples/service/page/main.ts' }, target: 'es2022', platform: 'browser' },
]);
