// `npm run mutation` executes both runs that docs/mutation.md describes, and checks the result. With `-- quick` or
// `-- concurrency` it executes only that run.

const stryker = 'test/mutation/node_modules/@stryker-mutator/core/bin/stryker.js';
const runs = {
  quick: [stryker, 'run', 'test/mutation/quick.config.mjs'],
  concurrency: [stryker, 'run', 'test/mutation/concurrency.config.mjs'],
  survivors: ['test/mutation/survivors.mjs'],
};

const [first, ...rest] = process.argv.slice(2);
const [names, options] = first in runs ? [[first], rest] : [Object.keys(runs), []];
for (const name of names) {
  const { status } = spawnSync(process.execPath, [...runs[name], ...options], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
