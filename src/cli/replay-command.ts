import { explainAssertion } from '../explain/explain-assertion.js';
import { explainAttestation } from '../explain/explain-attestation.js';
import type { Explanation } from '../explain/explanation.js';
import { readCapsule } from './capsule-options.js';
import type { Command } from './command.js';
import { readInput } from './command-input.js';
import { parseCommandLine } from './command-line.js';
import type { CommandProcess } from './command-process.js';
import { exitCodeOf, printExplanation } from './explanation-output.js';
import { writeJson } from './json-output.js';
import { Printer } from './printer.js';
import { REPLAY_HELP } from './replay-help.js';
import { UsageError } from './usage-error.js';

/** `app-attest replay`. */
export const replayCommand: Command = { help: REPLAY_HELP, run: replay };

async function replay(args: readonly string[], host: CommandProcess): Promise<number> {
  const { values, positionals } = parseCommandLine(args, { json: { type: 'boolean' } }, 1);
  const input = await readInput(positionals[0], host, 'CAPSULE');
  const { attestation, assertion, notes: found, ...capsule } = readCapsule(Buffer.from(input).toString().trim());
  const explanation = await explainOptions(attestation, assertion);
  const notes = [...found, ...remarks(explanation, capsule.code)];
  if (values.json) {
    writeJson(host.stdout, { capsule, ...explanation, notes });
    return exitCodeOf(explanation);
  }
  const printer = new Printer(host.stdout, host.env);
  printer.heading('rejection');
  printer.table([
    { cells: ['kind'], text: capsule.kind },
    { cells: ['date'], text: capsule.date },
    { cells: ['code'], text: capsule.code },
    { cells: ['message'], text: capsule.message },
    { cells: ['versions'], text: `app-attest ${capsule.package}, ${capsule.runtime}` },
  ]);
  printer.blankLine();
  printer.heading('explanation');
  for (const note of notes) printer.paragraph(note);
  printExplanation(printer, explanation);
  return exitCodeOf(explanation);
}

type Options = Pick<ReturnType<typeof readCapsule>, 'attestation' | 'assertion'>;

async function explainOptions(
  attestation: Options['attestation'],
  assertion: Options['assertion'],
): Promise<Explanation> {
  if (attestation) return explainAttestation(attestation);
  if (assertion) return explainAssertion(assertion);
  throw new UsageError('the capsule has no evidence');
}

/** The codes of rejections for which the evidence is not the reason, and the table of their explanations. */
function remarks({ verdict, code }: Explanation, capsuleCode: string): string[] {
  if (verdict === 'refused') {
    return code === capsuleCode
      ? []
      : [`Now the code is ${code}. When the request was rejected, it was ${capsuleCode}.`];
  }
  return [
    `No check of the evidence failed. The server rejected the request for another reason: ${capsuleCode}. docs/errors.md ` +
      'says what to do for each code.',
  ];
}
