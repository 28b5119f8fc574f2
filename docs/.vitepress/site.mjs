// Builds the documentation site in docs/.vitepress/dist/, and serves it. With --build, it only builds the site.
import { spawnSync } from 'node:child_process';
import { argv, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { build, serve } from 'vitepress';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const repository = path('../../');
const docs = path('../');

/** Runs a program of an installed package, and ends this process if the program fails. */
function run(program, ...options) {
  const { status } = spawnSync(execPath, [path(program), ...options], { cwd: repository, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

// VitePress empties the folder of the site first.
await build(docs);
run('node_modules/typedoc/bin/typedoc', '--options', path('typedoc.json'));
const inspector = ['--config', 'inspector.config.ts', '--logLevel', 'warn', '--outDir', path('dist/inspect')];
run('../../node_modules/vite/bin/vite.js', 'build', ...inspector);
if (!argv.includes('--build')) await serve({ root: docs });
