import { readFileSync, writeFileSync } from 'node:fs';
import type { Results } from './results.js';
import { performanceTable, scalingTables } from './tables.js';

/** The parts of the pages that a benchmark writes. Two comments with the name mark the begin and the end of a part. */
export type RecordedPart = 'protected requests' | 'flood' | 'million keys';

/** Writes the results of a run into docs/scaling.md and docs/performance.md, between the two markers of each page. */
export function recordResults(results: Results): void {
  recordInPage('docs/scaling.md', 'protected requests', scalingTables(results));
  recordInPage('docs/performance.md', 'protected requests', performanceTable(results));
}

/** Replaces a part of a page. */
export function recordInPage(file: string, part: RecordedPart, tables: string): void {
  writeFileSync(file, withTables(readFileSync(file, 'utf8'), part, tables));
}

/** Returns the page with another text between the two comments of a part. */
export function withTables(page: string, part: RecordedPart, tables: string): string {
  const [opening, closing] = [`<!-- ${part} -->`, `<!-- /${part} -->`];
  const [begin, end] = [page.indexOf(opening), page.indexOf(closing)];
  if (begin < 0 || end < begin) throw new Error(`the page must contain ${opening} and ${closing}`);
  return `${page.slice(0, begin + opening.length)}\n\n${tables}\n\n${page.slice(end)}`;
}
