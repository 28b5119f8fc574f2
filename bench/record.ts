import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Runs the benchmark on this Node.js and on the newest Node.js. Writes the results of both runs into docs/performance.md. */
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
if (before < 0 || after < before) throw new Error(`docs/performance.md must contain ${begin} and ${end}`);
writeFileSync(document, `${text.slice(0, before + begin.length)}\n\n${results}\n\n${text.slice(after)}`);
