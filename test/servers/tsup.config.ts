import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['worker', 'claim', 'key-churn'].map((name) => `test/servers/support/${name}.ts`),
  outDir: 'test/servers/build',
  format: 'esm',
  target: 'node20',
  clean: true,
  skipNodeModulesBundle: true,
});
