import { readFileSync, writeFileSync } from 'node:fs';
import type { Results } from './results.js';
import { performanceTable, scalingTables } from './tables.js';

const [BEGIN, END] = ['<!-- protected requests -->', '<!-- /protected requests -->'];

/** Writes the results of a run into docs/scaling.md and docs/performance.md, between the two markers of each page. */
export function recordResults(results: Results): void {
  replaceInFile('docs/scaling.md', scalingTables(results));
  replaceInFile('docs/performance.md', performanceTable(results));
}

function replaceInFile(file: string, tables: string): void {
  writeFileSync(file, withTables(readFileSync(file, 'utf8'), tables));
}

/** Replaces the text between the markers of a page. */
export function withTables(page: string, tables: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the page must contain ${BEGIN} and ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${tables}\n\n${page.slice(end)}`;
}
