import { readFileSync } from 'node:fs';
import { countIn, survivors } from './report.mjs';

/*
 * Compares docs/mutation.md with the last run. The score must be high enough, and the document must explain every mutant that
 * survived. Prints the missing rows, and the rows about mutants that no longer survive.
 */

const MINIMUM = 95;

const document = readFileSync(new URL('../../docs/mutation.md', import.meta.url), 'utf8');
const count = countIn('quick');
const alive = survivors();
const score = (100 * (count - alive.length)) / count;

/** The row as it must appear in the document: `| file | original → replacement |`, each shortened and on one line. */
function rowOf({ file, source, location, replacement }) {
  const lines = source.split('\n').slice(location.start.line - 1, location.end.line);
  lines[lines.length - 1] = lines.at(-1).slice(0, location.end.column - 1);
  lines[0] = lines[0].slice(location.start.column - 1);
  const cell = (text) => {
    const line = text.replace(/\s+/g, ' ').trim();
    return `\`${(line.length > 90 ? `${line.slice(0, 90)}…` : line).replaceAll('|', '\\|')}\``;
  };
  return `| ${file.replace('src/', '')} | ${cell(lines.join('\n'))} → ${cell(replacement)} |`;
}

const rows = new Set(alive.map(rowOf));
const documented = new Set(
  document
    .split('\n')
    .filter((line) => /^\| \S+\.ts \|/.test(line))
    .map((line) => line.replace(/(\|.*\|) [^|]+ \|$/, '$1')),
);
const missing = [...rows].filter((row) => !documented.has(row));
const gone = [...documented].filter((row) => !rows.has(row));

console.log(
  `${count - alive.length} of ${count} mutants died: ${score.toFixed(2)} %. ${alive.length} live, ${rows.size} rows.`,
);
if (missing.length > 0) console.log(`\nnot in docs/mutation.md:\n${missing.join('\n')}`);
if (gone.length > 0) console.log(`\nno longer alive:\n${gone.join('\n')}`);
process.exitCode = score >= MINIMUM && missing.length === 0 && gone.length === 0 ? 0 : 1;
