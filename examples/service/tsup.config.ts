import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['examples/service/example.ts'],
  outDir: 'examples/service/build',
  format: 'esm',
  target: 'node20',
  // The folder also contains the SQLite file, which must outlive the build.
  clean: ['!*.db*'],
  skipNodeModulesBundle: true,
});
