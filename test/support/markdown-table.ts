/** A Markdown table in the format of the pages in docs/. */
export function markdownTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `${cells.map((cell) => (cell === '' ? '| ' : `| ${cell} `)).join('')}|\n`;
  return [headings, headings.map(() => '---'), ...rows].map(line).join('');
}
