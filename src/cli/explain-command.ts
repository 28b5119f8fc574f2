import { explainAssertion } from '../explain/explain-assertion.js';
import { explainAttestation } from '../explain/explain-attestation.js';
import type { Explanation } from '../explain/explanation.js';
import type { Command } from './command.js';
import { readInputFile } from './command-input.js';
import { parseCommandLine, readCount, readDate, readEnvironmentNames } from './command-line.js';
import type { CommandProcess } from './command-process.js';
import { type EvidenceArgument, readEvidenceArgument } from './evidence-argument.js';
import { readBytes, readPublicKeyArgument, readTrustAnchorFile } from './expected-values.js';
import { EXPLAIN_HELP } from './explain-help.js';
import { exitCodeOf, printExplanation } from './explanation-output.js';
import { writeJson } from './json-output.js';
import { Printer } from './printer.js';
import { UsageError } from './usage-error.js';

const OPTIONS = {
  'app-id': { type: 'string', multiple: true },
  environment: { type: 'string', multiple: true },
  challenge: { type: 'string' },
  'challenge-file': { type: 'string' },
  'key-id': { type: 'string' },
  date: { type: 'string' },
  'trust-anchor': { type: 'string' },
  'public-key': { type: 'string' },
  payload: { type: 'string' },
  'payload-file': { type: 'string' },
  counter: { type: 'string' },
  'client-data-hash': { type: 'string' },
  'other-challenge': { type: 'string', multiple: true },
  json: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof parseCommandLine<typeof OPTIONS>>['values'];

/** The options that are only for assertions, and those that are only for attestations. */
const ASSERTION_OPTIONS = ['public-key', 'payload', 'payload-file', 'counter'] as const;
const ATTESTATION_OPTIONS = ['challenge', 'challenge-file', 'key-id', 'environment', 'date', 'trust-anchor'] as const;

/** Only one of these options may be passed, because each contains the client data or its hash. */
const CLIENT_DATA_OPTIONS = ['challenge', 'challenge-file', 'payload', 'payload-file', 'client-data-hash'] as const;

/** The command `app-attest explain`. */
export const explainCommand: Command = { help: EXPLAIN_HELP, run: explain };

async function explain(args: readonly string[], host: CommandProcess): Promise<number> {
  const { values, positionals } = parseCommandLine(args, OPTIONS, 1);
  const evidence = await readEvidenceArgument(positionals[0], host);
  if (evidence.kind === 'receipt') throw new UsageError('the evidence is a receipt: use app-attest receipt');
  if (evidence.isCapsule) throw new UsageError('the input is a capsule: use app-attest replay');
  const kind = expectedKind(values) ?? evidence.kind ?? 'attestation';
  const explanation =
    kind === 'assertion'
      ? await explainAsAssertion(values, evidence, host)
      : await explainAsAttestation(values, evidence);
  const { encoding, bytes } = evidence;
  if (values.json) {
    writeJson(host.stdout, { kind, encoding, ...explanation });
  } else {
    const printer = new Printer(host.stdout, host.env);
    printer.heading(`${kind}: ${bytes?.length ?? 0} bytes, from ${encoding}`);
    printExplanation(printer, explanation);
  }
  return exitCodeOf(explanation);
}

/** The options show which kind of evidence the backend expected. The evidence may be of another kind by mistake. */
function expectedKind(values: Values): 'attestation' | 'assertion' | undefined {
  const ofAssertion = ASSERTION_OPTIONS.find((name) => values[name] !== undefined);
  const ofAttestation = ATTESTATION_OPTIONS.find((name) => values[name] !== undefined);
  if (ofAssertion && ofAttestation) {
    throw new UsageError(`--${ofAttestation} is for attestations, but --${ofAssertion} is for assertions`);
  }
  const [first, second] = CLIENT_DATA_OPTIONS.filter((name) => values[name] !== undefined);
  if (second !== undefined) throw new UsageError(`pass either --${first} or --${second}`);
  if (ofAssertion) return 'assertion';
  return ofAttestation ? 'attestation' : undefined;
}

async function explainAsAttestation(values: Values, { received, fields }: EvidenceArgument): Promise<Explanation> {
  const clientDataHash = readBytes('--client-data-hash', values['client-data-hash']);
  const challengeFile = values['challenge-file'];
  const challenge =
    challengeFile === undefined ? values.challenge : await readInputFile(challengeFile, '--challenge-file');
  return explainAttestation({
    attestation: received,
    appId: values['app-id'],
    keyId: values['key-id'] ?? fields.keyId,
    ...(clientDataHash ? { clientDataHash } : { challenge: challenge ?? fields.challenge }),
    environment: readEnvironmentNames(values.environment),
    date: readDate('--date', values.date),
    trustAnchors: await readTrustAnchorFile(values['trust-anchor']),
    otherChallenges: values['other-challenge'],
  });
}

async function explainAsAssertion(
  values: Values,
  { received, fields }: EvidenceArgument,
  host: CommandProcess,
): Promise<Explanation> {
  const clientDataHash = readBytes('--client-data-hash', values['client-data-hash']);
  const payloadFile = values['payload-file'];
  const payload = payloadFile === undefined ? values.payload : await readInputFile(payloadFile, '--payload-file');
  return explainAssertion({
    assertion: received,
    appId: values['app-id'],
    publicKey: (await readPublicKeyArgument(values['public-key'], host)) ?? fields.publicKey,
    ...(clientDataHash ? { clientDataHash } : { payload: payload ?? fields.payload }),
    counter: readCount('--counter', values.counter),
    otherChallenges: values['other-challenge'],
  });
}
