import { type DeviceStep, isAccepted } from './device-step.js';
import type { Printer } from './printer.js';

const MAX_BODY_LENGTH = 200;

/** Prints a request and the response of the backend. */
export function printDeviceStep(
  printer: Printer,
  { title, isAsExpected, expected, response, actual, advice }: DeviceStep,
): void {
  printer.paragraph(`${isAsExpected ? '✓' : '✗'} ${title}`, { hanging: 2, format: isAsExpected ? 'green' : 'red' });
  const got = 'noResponse' in actual ? actual.noResponse : `${actual.status} ${shortened(actual.body)}`.trim();
  if (isAsExpected) {
    printer.paragraph(got, { indent: 4 });
    return;
  }
  printer.table(
    [
      { cells: ['expected'], text: `${expected}, such as ${response}` },
      { cells: ['got'], text: got },
    ],
    4,
  );
  printer.paragraph(advice, { indent: 4 });
}

/**
 * Prints how many responses were not as expected. If all attacks were accepted, or if no attack on the protected route
 * was sent, also prints the reason.
 */
export function printDeviceSummary(printer: Printer, steps: readonly DeviceStep[]): void {
  const isOnly = steps.length === 1;
  const wrong = steps.filter(({ isAsExpected }) => !isAsExpected).length;
  printer.blankLine();
  printer.heading(
    wrong === 0
      ? `All ${steps.length} responses are as expected.`
      : `${isOnly ? 'The response' : `${wrong} of ${steps.length} responses`} ${wrong === 1 ? 'is' : 'are'} not as expected.`,
  );
  const attacks = steps.filter(({ route, expected }) => route === 'protected' && expected === 'rejected');
  if (attacks.length > 0 && attacks.every(isAccepted)) {
    printer.paragraph(
      "The backend accepted all attacks on the protected route: `protect` is missing in front of the handler, or the option mode is 'report'.",
    );
  }
  const last = steps.at(-1);
  if (attacks.length === 0 && last && !last.isAsExpected && last.expected === 'accepted') {
    printer.paragraph(
      'The attacks on the protected route were not sent, because the backend must first accept the app.',
    );
  }
}

function shortened(text: string): string {
  return text.length > MAX_BODY_LENGTH ? `${text.slice(0, MAX_BODY_LENGTH)}…` : text;
}
