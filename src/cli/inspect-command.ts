import type { Command } from './command.js';
import { parseCommandLine, readDate } from './command-line.js';
import type { CommandProcess } from './command-process.js';
import { readEvidenceArgument } from './evidence-argument.js';
import { ExitCode } from './exit-code.js';
import { INSPECT_HELP } from './inspect-help.js';
import { printInspection } from './inspect-output.js';
import { writeJson } from './json-output.js';
import { Printer } from './printer.js';

const OPTIONS = { date: { type: 'string' }, json: { type: 'boolean' } } as const;

/** The command `app-attest inspect`. */
export const inspectCommand: Command = { help: INSPECT_HELP, run: inspect };

async function inspect(args: readonly string[], host: CommandProcess): Promise<number> {
  const { values, positionals } = parseCommandLine(args, OPTIONS, 1);
  const now = readDate('--date', values.date) ?? new Date();
  const { received, kind, encoding, ...found } = await readEvidenceArgument(positionals[0], host);
  const bytes = found.bytes ?? Buffer.from(received);
  // The certificate library is large, so it is loaded only after the arguments were read.
  const { inspectEvidence } = await import('./inspected-evidence.js');
  const evidence = await inspectEvidence(bytes, kind);
  if (values.json) {
    writeJson(host.stdout, { recognized: kind !== undefined, encoding, length: bytes.length, ...evidence });
  } else {
    const title = kind ?? 'Not recognized as evidence. Decoded as an attestation';
    const printer = new Printer(host.stdout, host.env);
    printer.heading(`${title}: ${bytes.length} bytes, from ${encoding}`);
    printInspection(printer, evidence, now);
  }
  return kind === undefined ? ExitCode.Failed : ExitCode.Ok;
}
