import type { ReceiptProgress, RefreshedReceipts } from '../server/refresh-receipts-options.js';
import type { OutputStream } from './command-process.js';

/** Shows the progress of a refresh. */
export interface RefreshOutput {
  progress(progress: ReceiptProgress): void;
  end(counts: RefreshedReceipts): void;
}

/** On a terminal, updates one line. Elsewhere, writes lines of JSON. */
export function refreshOutput(stream: OutputStream, explain: (error: unknown) => string): RefreshOutput {
  return stream.isTTY ? progressLine(stream, explain) : jsonLines(stream, explain);
}

const START_OF_LINE = '\r\u001b[2K';

function progressLine(stream: OutputStream, explain: (error: unknown) => string): RefreshOutput {
  // A terminal of unknown width has 0 columns.
  const width = (stream.columns || 80) - 1;
  return {
    progress: ({ keyId, error, ...counts }) => {
      if (error) stream.write(`${START_OF_LINE}${keyId}: ${explain(error)}\n`);
      // A longer line would wrap, and only its last row would be rewritten.
      stream.write(`${START_OF_LINE}${summary(counts).slice(0, width)}`);
    },
    end: (counts) => stream.write(`${START_OF_LINE}${summary(counts)}\n`),
  };
}

function summary({ due, refreshed, notModified, failed }: RefreshedReceipts): string {
  return `${due} due: ${refreshed} refreshed, ${notModified} not modified, ${failed} failed`;
}

function jsonLines(stream: OutputStream, explain: (error: unknown) => string): RefreshOutput {
  const write = (value: object): void => {
    stream.write(`${JSON.stringify(value)}\n`);
  };
  return {
    progress: ({ keyId, outcome, error }) => {
      write({ keyId, outcome, ...(error && { code: error.code, status: error.status, message: explain(error) }) });
    },
    end: write,
  };
}
