import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Runs the benchmark on this Node.js and on the newest one, and writes what both print into docs/performance.md. */
const NEWEST = 'node@26';
const document = new URL('../../docs/performance.md', import.meta.url);
const [begin, end] = ['<!-- results -->', '<!-- /results -->'];

const bench = fileURLToPath(new URL('bench.js', import.meta.url));
const run = (command: string, ...args: readonly string[]): string => {
  return execFileSync(command, [...args, bench, ...process.argv.slice(2)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
};
const results = [run(process.execPath), run('npx', '--yes', NEWEST)].map((text) => text.trim()).join('\n\n');

const text = readFileSync(document, 'utf8');
const [before, after] = [text.indexOf(begin), text.indexOf(end)];
if (before < 0 || after < before) throw new Error(`no ${begin} … ${end} in docs/performance.md`);
writeFileSync(document, `${text.slice(0, before + begin.length)}\n\n${results}\n\n${text.slice(after)}`);
