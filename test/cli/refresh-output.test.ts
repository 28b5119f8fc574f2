import { describe, expect, it } from 'vitest';
import { refreshOutput } from '../../src/cli/refresh-output.js';
import { AppAttestError } from '../../src/index.js';
import type { ReceiptProgress } from '../../src/server/index.js';
import { Written } from '../support/command-line.js';

const error = new AppAttestError('receipt_request_failed', 'no data', { status: 404 });
const steps: readonly ReceiptProgress[] = [
  { due: 1, refreshed: 1, notModified: 0, failed: 0, keyId: 'one', outcome: 'refreshed' },
  { due: 2, refreshed: 1, notModified: 0, failed: 1, keyId: 'two', outcome: 'failed', error },
];
const counts = { due: 2, refreshed: 1, notModified: 0, failed: 1 };

function show(stream: Written): string {
  const output = refreshOutput(stream, String);
  for (const step of steps) output.progress(step);
  output.end(counts);
  return stream.text;
}

describe('the output of a refresh', () => {
  it('on a terminal is one line that is overwritten, and another line for each failure', () => {
    const clear = '\r\u001b[2K';
    expect(show(new Written({ isTTY: true }))).toBe(
      `${clear}1 due: 1 refreshed, 0 not modified, 0 failed` +
        `${clear}two: AppAttestError: no data\n` +
        `${clear}2 due: 1 refreshed, 0 not modified, 1 failed` +
        `${clear}2 due: 1 refreshed, 0 not modified, 1 failed\n`,
    );
  });

  it.each([
    [20, '2 due: 1 refreshed,'],
    [0, '2 due: 1 refreshed, 0 not modified, 1 failed'],
  ])('on a terminal with %i columns stays within one line, and ends with all counts', (columns, last) => {
    const shown = show(new Written({ isTTY: true, columns })).split('\r\u001b[2K');
    expect(shown.slice(-2)).toEqual([last, '2 due: 1 refreshed, 0 not modified, 1 failed\n']);
  });

  it('outside a terminal is a line of JSON for each key, and a line with the counts', () => {
    const lines = show(new Written()).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { keyId: 'one', outcome: 'refreshed' },
      {
        keyId: 'two',
        outcome: 'failed',
        code: 'receipt_request_failed',
        status: 404,
        message: 'AppAttestError: no data',
      },
      counts,
    ]);
  });
});
