import type { Check, Explanation } from '../explain/explanation.js';
import { ExitCode } from './exit-code.js';
import type { Format, Printer, Row } from './printer.js';

const VERDICTS: Readonly<Record<Explanation['verdict'], { text: string; format: Format }>> = {
  accepted: { text: '✓ accepted', format: 'green' },
  refused: { text: '✗ rejected', format: 'red' },
  undecided: { text: '? undecided: no check failed, but a value to compare with is missing', format: 'yellow' },
};

const OUTCOMES: Readonly<Record<Check['outcome'], { mark: string; format: Format | undefined }>> = {
  passed: { mark: '✓', format: undefined },
  failed: { mark: '✗', format: 'red' },
  skipped: { mark: '-', format: 'dim' },
};

/** Prints the verdict, the causes with their remedies, and the checks. */
export function printExplanation(printer: Printer, { verdict, code, causes, checks }: Explanation): void {
  const { text, format } = VERDICTS[verdict];
  printer.paragraph(code === undefined ? text : `${text}: ${code}`, { format });
  if (causes.length > 0) {
    printer.blankLine();
    printer.heading('causes');
    for (const { summary, remedy, certainty } of causes) {
      printer.paragraph(`${certainty}: ${summary}`, { indent: 2, hanging: 2 });
      printer.paragraph(`→ ${remedy}`, { indent: 4, hanging: 2 });
    }
  }
  printer.blankLine();
  printer.heading(
    checks.some(({ step }) => step !== undefined) ? "checks, with the step numbers of Apple's documentation" : 'checks',
  );
  printer.table(checks.map(checkRow));
}

function checkRow({ name, step, outcome, code, expected, actual }: Check): Row {
  const { mark, format } = OUTCOMES[outcome];
  const values = [
    code,
    expected !== undefined && `expected ${expected}`,
    actual !== undefined && (expected === undefined ? actual : `got ${actual}`),
    outcome === 'skipped' && 'not checked',
  ];
  const text = values.filter((value) => typeof value === 'string').join(', ');
  return { cells: [mark, step?.toString() ?? '', name], text, format };
}

/** The exit code of an explanation. */
export function exitCodeOf({ verdict }: Pick<Explanation, 'verdict'>): number {
  return verdict === 'refused' ? ExitCode.Failed : ExitCode.Ok;
}
