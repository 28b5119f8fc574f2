// Prepares `npm run test:stores`: installs packages that only these tests need, checks the types, and builds the processes that the
// tests start.
import { execSync } from 'node:child_process';

const run = (command) => execSync(command, { stdio: 'inherit' });

for (const folder of ['bridges', 'mysql', 'queues', 'sqlite']) {
  // Prisma's install script would download an engine, which the tests do not need.
  run(`npm ci --prefix test/${folder}${folder === 'bridges' ? ' --ignore-scripts' : ''}`);
}
run('npm run --prefix test/bridges generate');
for (const folder of ['bridges', 'mysql', 'queues', 'sqlite']) run(`npx tsc -p test/${folder}`);
for (const folder of ['servers', 'mysql', 'sqlite']) run(`npx tsup --config test/${folder}/tsup.config.ts --silent`);
