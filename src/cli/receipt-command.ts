import { explainReceipt } from '../explain/explain-receipt.js';
import { inspectAttestation } from '../explain/inspect-attestation.js';
import type { InspectedReceipt } from '../explain/inspect-receipt.js';
import { receiptDueAt } from '../receipt/receipt-due.js';
import type { Command } from './command.js';
import { parseCommandLine, readCount, readDate, readEnvironmentNames } from './command-line.js';
import type { CommandProcess } from './command-process.js';
import { dateText } from './date-text.js';
import { type EvidenceArgument, readEvidenceArgument } from './evidence-argument.js';
import { readBytes, readPublicKeyArgument, readTrustAnchorFile } from './expected-values.js';
import { exitCodeOf, printExplanation } from './explanation-output.js';
import { writeJson } from './json-output.js';
import { Printer } from './printer.js';
import { RECEIPT_HELP } from './receipt-help.js';
import { receiptRows } from './receipt-rows.js';
import { UsageError } from './usage-error.js';

const OPTIONS = {
  'app-id': { type: 'string', multiple: true },
  environment: { type: 'string', multiple: true },
  'public-key': { type: 'string' },
  challenge: { type: 'string' },
  'client-data-hash': { type: 'string' },
  type: { type: 'string' },
  'max-age': { type: 'string' },
  date: { type: 'string' },
  'trust-anchor': { type: 'string' },
  json: { type: 'boolean' },
} as const;

/** The command `app-attest receipt`. */
export const receiptCommand: Command = { help: RECEIPT_HELP, run: receipt };

async function receipt(args: readonly string[], host: CommandProcess): Promise<number> {
  const { values, positionals } = parseCommandLine(args, OPTIONS, 1);
  const date = readDate('--date', values.date) ?? new Date();
  const publicKey = await readPublicKeyArgument(values['public-key'], host);
  const clientDataHash = readBytes('--client-data-hash', values['client-data-hash']);
  const maxAge = readCount('--max-age', values['max-age']);
  const evidence = await readEvidenceArgument(positionals[0], host);
  const explanation = await explainReceipt({
    receipt: receiptIn(evidence),
    appId: values['app-id'],
    environment: readEnvironmentNames(values.environment),
    date,
    trustAnchors: await readTrustAnchorFile(values['trust-anchor']),
    ...(publicKey !== undefined && { publicKey }),
    ...(values.challenge !== undefined && { challenge: values.challenge }),
    ...(clientDataHash && { clientDataHash }),
    ...(values.type !== undefined && { type: readType(values.type) }),
    ...(maxAge !== undefined && { maxAge }),
  });
  const { inspection } = explanation;
  const due = dueDate(inspection);
  if (values.json) {
    writeJson(host.stdout, { kind: 'receipt', encoding: evidence.encoding, ...explanation, ...(due && { due }) });
    return exitCodeOf(explanation);
  }
  const printer = new Printer(host.stdout, host.env);
  printExplanation(printer, explanation);
  printer.blankLine();
  printer.heading('receipt');
  printer.table(receiptRows(inspection, date));
  for (const sentence of meaning(inspection, due, date)) printer.paragraph(sentence, { indent: 2 });
  return exitCodeOf(explanation);
}

/** The receipt, or the receipt in an attestation. */
function receiptIn({ kind, bytes, received }: EvidenceArgument): string | Uint8Array {
  if (kind === 'assertion') throw new UsageError('the evidence is an assertion, which contains no receipt');
  if (kind !== 'attestation' || !bytes) return received;
  const { receipt: found } = inspectAttestation(bytes);
  if (found) return found;
  throw new UsageError('the attestation contains no receipt');
}

function readType(text: string): 'ATTEST' | 'RECEIPT' {
  if (text === 'ATTEST' || text === 'RECEIPT') return text;
  throw new UsageError('--type must be ATTEST or RECEIPT');
}

/** The time at which the receipt is due for a refresh by default, without the random delay of each key. */
function dueDate({ type, creationTime, notBefore, expirationTime }: InspectedReceipt): Date | undefined {
  if (!type || !creationTime || !expirationTime) return undefined;
  return receiptDueAt({ keyId: '', type, creationTime, notBefore, expirationTime }, { jitter: 0 });
}

/** What the fields of a receipt mean. */
function meaning({ type, riskMetric, expirationTime }: InspectedReceipt, due: Date | undefined, now: Date): string[] {
  const sentences: string[] = [];
  if (type === 'ATTEST') {
    sentences.push('The receipt of an attestation has no risk metric. Exchange it with refreshReceipt to get one.');
  }
  if (riskMetric !== undefined) {
    sentences.push(
      `The device attested about ${riskMetric} keys in the 30 days before this receipt. Each installation, restore and ` +
        'new key counts, so a few keys are normal. See docs/fraud-risk.md.',
    );
  }
  if (expirationTime && expirationTime < now) {
    sentences.push('The receipt has expired, so Apple no longer exchanges it. The app must attest a new key.');
  } else if (due) {
    sentences.push(`By default, the receipt is due for a refresh at ${dateText(due, now)}.`);
  }
  return sentences;
}
