import { styleText } from 'node:util';
import type { CommandVariables, OutputStream } from './command-process.js';
import { printable } from './printable.js';
import { wrapText } from './wrapped-text.js';

/** How a text looks on a terminal. */
export type Format = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

/** A line of a table. The last column, `text`, is wrapped. */
export interface Row {
  readonly cells: readonly string[];
  readonly text: string;
  /** The format of the whole line. */
  readonly format?: Format | undefined;
}

/** Prose is hard to read in longer lines. */
const MAX_WIDTH = 120;
/** If the last column of a table would be narrower, it starts on a line of its own. */
const MIN_COLUMN_WIDTH = 24;
const GAP = '  ';

/**
 * Writes aligned text. On a terminal, the text is wrapped and coloured. Elsewhere, each row is one line without colours, so that
 * other programs can read it. Texts may come from a client, so unprintable characters are replaced.
 */
export class Printer {
  readonly #stream: OutputStream;
  readonly #width: number;
  readonly #isColoured: boolean;

  constructor(stream: OutputStream, env: Pick<CommandVariables, 'NO_COLOR' | 'TERM'>) {
    this.#stream = stream;
    // A terminal of unknown width has 0 columns.
    this.#width = stream.isTTY ? Math.min(stream.columns || 80, MAX_WIDTH) : Number.POSITIVE_INFINITY;
    this.#isColoured = stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  }

  blankLine(): void {
    this.#stream.write('\n');
  }

  heading(text: string): void {
    this.paragraph(text, { format: 'bold' });
  }

  /** @param layout `hanging` is the additional indent of all lines but the first */
  paragraph(text: string, layout: { indent?: number; hanging?: number; format?: Format | undefined } = {}): void {
    const { indent = 0, hanging = 0, format } = layout;
    this.#write(' '.repeat(indent), printable(text), indent + hanging, format);
  }

  table(rows: readonly Row[], indent = 2): void {
    const widths = columnWidths(rows);
    for (const { cells, text, format } of rows) {
      const columns = cells.map((cell, index) => printable(cell).padEnd(widths[index] ?? 0) + GAP);
      const start = ' '.repeat(indent) + columns.join('');
      if (this.#width - start.length >= MIN_COLUMN_WIDTH) {
        this.#write(start, printable(text), start.length, format);
      } else {
        this.#write(' '.repeat(indent), cells.map(printable).join(' ').trim(), indent, format);
        this.#write(' '.repeat(indent + 2), printable(text), indent + 2, format);
      }
    }
  }

  #write(start: string, text: string, hanging: number, format: Format | undefined): void {
    const [first = '', ...others] = wrapText(text, Math.max(1, this.#width - Math.max(start.length, hanging)));
    for (const line of [start + first, ...others.map((other) => ' '.repeat(hanging) + other)]) {
      this.#stream.write(`${this.#formatted(line.trimEnd(), format)}\n`);
    }
  }

  #formatted(line: string, format: Format | undefined): string {
    // The stream may not be the standard output of this process, so styleText must not check the standard output.
    return format && this.#isColoured ? styleText(format, line, { validateStream: false }) : line;
  }
}

function columnWidths(rows: readonly Row[]): readonly number[] {
  const widths: number[] = [];
  for (const { cells } of rows) {
    for (const [index, cell] of cells.entries()) widths[index] = Math.max(widths[index] ?? 0, printable(cell).length);
  }
  return widths;
}
