// Builds a benchmark and runs it: `npm run bench -- [record | check | receipt | server | flood | million | session] [options]`.
// The benchmarks `server`, `flood` and `million` create a virtual Apple and trust its root. Never do this in production.
import { execSync, spawnSync } from 'node:child_process';

const inNode = {
  prepare: [
    'npm ci --prefix bench --silent',
    'npx tsup --silent --no-dts',
    'npx tsup --config bench/tsup.config.ts --silent',
  ],
};
const ofServers = {
  prepare: ['npx tsup --silent --no-dts', 'npx tsup --config bench/server/tsup.config.ts --silent'],
};
const benchmarks = {
  bench: { ...inNode, file: 'bench/build/bench.js' },
  record: { ...inNode, file: 'bench/build/record.js' },
  check: { ...inNode, file: 'bench/build/check.js' },
  receipt: { ...inNode, file: 'bench/build/receipt.js' },
  server: { ...ofServers, file: 'bench/server/build/bench.js' },
  flood: { ...ofServers, file: 'bench/server/build/flood.js' },
  million: { ...ofServers, file: 'bench/server/build/million.js' },
  session: { ...ofServers, file: 'bench/server/build/session.js' },
};

const given = process.argv.slice(2);
const [name, options] = given[0] in benchmarks ? [given[0], given.slice(1)] : ['bench', given];
const { prepare, file } = benchmarks[name];
for (const command of prepare) execSync(command, { stdio: 'inherit' });
process.exitCode =
  spawnSync(process.execPath, [file, ...options], {
    stdio: 'inherit',
    env: { ...process.env, APP_ATTEST_VIRTUAL: 'allow' },
  }).status ?? 1;
