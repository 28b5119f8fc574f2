/** A table as the pages in docs/ contain it. */
export function markdownTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `${cells.map((cell) => (cell === '' ? '| ' : `| ${cell} `)).join('')}|\n`;
  return [headings, headings.map(() => '---'), ...rows].map(line).join('');
}
