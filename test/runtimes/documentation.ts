import { readFileSync } from 'node:fs';

const document = readFileSync(new URL('../../docs/runtimes.md', import.meta.url), 'utf8');

/** A table of `docs/runtimes.md`: by the first cell of each row, its other cells by their headings. */
export type Table = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The table whose first heading is `heading`. */
export function documentedTable(heading: string): Table {
  const [head, , ...rows] =
    document
      .slice(document.indexOf(`| ${heading} |`))
      .split('\n\n')[0]
      ?.split('\n') ?? [];
  const [, ...headings] = cells(head ?? '');
  return Object.fromEntries(
    rows.filter(Boolean).map((row) => {
      const [name = '', ...values] = cells(row);
      return [name, Object.fromEntries(headings.map((column, index) => [column, values[index] ?? '']))];
    }),
  );
}

/** What the table of differences says about one runtime. */
export function documentedDifferences(runtime: string): Readonly<Record<string, string>> {
  const rows = Object.entries(documentedTable('the runtime …'));
  return Object.fromEntries(rows.map(([statement, columns]) => [statement, columns[runtime] ?? 'no such column']));
}

/** From which compatibility date on the package runs on Workers. */
export function documentedCompatibilityDate(): string {
  const date = /\((\d{4}-\d\d-\d\d) or later\)/.exec(document)?.[1];
  if (date === undefined) throw new Error('docs/runtimes.md names no compatibility date');
  return date;
}

/** Answers in the words of that table. */
export function inWords(isSo: boolean): string {
  return isSo ? 'yes' : '**no**';
}

function cells(row: string): string[] {
  return row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}
