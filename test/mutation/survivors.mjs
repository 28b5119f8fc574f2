import { readFileSync } from 'node:fs';
import { countIn, survivors } from './report.mjs';

/*
 * Compares survivors.json with the last run. The score must be at least MINIMUM percent, and survivors.json must explain every
 * mutant that survived. Prints the missing rows as JSON, and the rows about mutants that no longer survive.
 */

const MINIMUM = 95;

/** The rows of survivors.json: `{ file, original, replacement, reason }`, sorted by file. */
const documented = JSON.parse(readFileSync(new URL('survivors.json', import.meta.url), 'utf8'));

/** The row of a mutant. The code before and after the change is on one line and has at most 90 characters. */
function rowOf({ file, source, location, replacement }) {
  const lines = source.split('\n').slice(location.start.line - 1, location.end.line);
  lines[lines.length - 1] = lines.at(-1).slice(0, location.end.column - 1);
  lines[0] = lines[0].slice(location.start.column - 1);
  return { file, original: short(lines.join('\n')), replacement: short(replacement), reason: '' };
}

function short(code) {
  const line = code.replace(/\s+/g, ' ').trim();
  return line.length > 90 ? `${line.slice(0, 90)}…` : line;
}

const identity = ({ file, original, replacement }) => JSON.stringify([file, original, replacement]);

/** The rows that are not among `others`. */
function without(rows, others) {
  const known = new Set(others.map(identity));
  return rows.filter((row) => !known.has(identity(row)));
}

/** Rows as they appear in survivors.json. */
function written(rows) {
  return JSON.stringify(rows, null, 2).replace(/^\[\n|\n\]$/g, '');
}

const count = countIn('quick');
const alive = survivors();
const score = (100 * (count - alive.length)) / count;
// Identical changes in one file share a row.
const rows = [...new Map(alive.map(rowOf).map((row) => [identity(row), row])).values()];
const explained = documented.filter(({ reason }) => reason !== '');
const missing = without(rows, explained);
const gone = without(documented, rows);

console.log(
  `${count - alive.length} of ${count} mutants were killed: ${score.toFixed(2)} %. ${alive.length} survived, in ${rows.length} rows.`,
);
if (missing.length > 0) console.log(`\nnot explained in survivors.json:\n${written(missing)}`);
if (gone.length > 0) console.log(`\nno longer alive:\n${written(gone)}`);
process.exitCode = score >= MINIMUM && missing.length === 0 && gone.length === 0 ? 0 : 1;
