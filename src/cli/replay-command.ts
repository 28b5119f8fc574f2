import { explainAssertion } from '../explain/explain-assertion.js';
import { explainAttestation } from '../explain/explain-attestation.js';
import type { Explanation } from '../explain/explanation.js';
import { type CapsuleValues, optionsOfCapsule, readCapsule } from '../explain/read-capsule.js';
import type { Command } from './command.js';
import { readInput } from './command-input.js';
import { parseCommandLine } from './command-line.js';
import type { CommandProcess } from './command-process.js';
import { exitCodeOf, printExplanation } from './explanation-output.js';
import { writeJson } from './json-output.js';
import { Printer } from './printer.js';
import { adviceFor } from './rejection-advice.js';
import { REPLAY_HELP } from './replay-help.js';
import { UsageError } from './usage-error.js';

/** The command `app-attest replay`. */
export const replayCommand: Command = { help: REPLAY_HELP, run: replay };

async function replay(args: readonly string[], host: CommandProcess): Promise<number> {
  const { values, positionals } = parseCommandLine(args, { json: { type: 'boolean' } }, 1);
  const json = Buffer.from(await readInput(positionals[0], host, 'CAPSULE'))
    .toString()
    .trim();
  const capsule = readCapsule(json);
  if (!capsule)
    throw new UsageError(
      'the input is not a capsule of version 1. If a file has a capsule in each line, pass one line, for example with tail -n 1',
    );
  const { kind, code, date, evidence } = capsule;
  if (evidence === undefined) {
    throw new UsageError(
      'the capsule contains no evidence. Evidence that is too long for a capsule is replaced with its digest',
    );
  }
  const options = optionsOfCapsule({ ...capsule, evidence });
  const explanation =
    'attestation' in options
      ? await explainAttestation(options.attestation)
      : await explainAssertion(options.assertion);
  const notes = [...remarks(capsule), ...remarkOn(explanation, code)];
  const rejection = { kind, date, code, ...descriptionIn(json) };
  if (values.json) {
    writeJson(host.stdout, { rejection, ...explanation, notes });
    return exitCodeOf(explanation);
  }
  const printer = new Printer(host.stdout, host.env);
  printer.heading('rejection');
  printer.table(
    Object.entries(rejection).flatMap(([name, value]) => {
      if (value === undefined) return [];
      return [{ cells: [name], text: value instanceof Date ? value.toISOString() : value }];
    }),
  );
  printer.blankLine();
  printer.heading('explanation');
  for (const note of notes) printer.paragraph(note);
  printExplanation(printer, explanation);
  return exitCodeOf(explanation);
}

/** The texts in a capsule that are only shown to people. */
function descriptionIn(json: string) {
  const { message, package: version, runtime }: Partial<Record<string, unknown>> = JSON.parse(json);
  return { message: textOrNothing(message), package: textOrNothing(version), runtime: textOrNothing(runtime) };
}

function textOrNothing(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** What the reader must know about the values in a capsule. */
function remarks({ kind, clientData, publicKey, counter, trustAnchors }: CapsuleValues): string[] {
  const name = kind === 'attestation' ? 'challenge' : 'payload';
  return [
    kind === 'attestation' &&
      trustAnchors &&
      'The evidence is checked with the root certificates in the capsule, not with Apple’s root certificate.',
    clientData === undefined && `The capsule does not contain the ${name}, so the ${name} is not checked.`,
    kind === 'assertion' &&
      publicKey === undefined &&
      'The capsule has no key. The key was not registered, or the server did not read it from the store.',
    kind === 'assertion' && counter !== undefined && 'The stored counter in the capsule may come from a later request.',
  ].filter((remark) => typeof remark === 'string');
}

/** Compares the explanation with the rejection. */
function remarkOn({ verdict, code }: Explanation, rejectionCode: string): string[] {
  if (verdict === 'refused') {
    return code === rejectionCode
      ? []
      : [`The explanation finds the code ${code}, but the server rejected the request with ${rejectionCode}.`];
  }
  return [
    verdict === 'accepted'
      ? `All checks of the evidence passed. The server rejected the request for another reason: ${rejectionCode}.`
      : `No check of the evidence failed, but some were skipped. The server rejected the request with ${rejectionCode}.`,
    adviceFor(rejectionCode) ?? 'docs/errors.md and docs/http.md say what to do for each code.',
  ];
}
