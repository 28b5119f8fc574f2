import { isDeepStrictEqual } from 'node:util';
import {
  decodeAttestedAuthenticatorData,
  decodeAuthenticatorData,
} from '../src/authenticator-data/authenticator-data.js';
import { readSingleOctetString, TaggedValues } from '../src/certificates/apple-extensions.js';
import { decodeCertificate } from '../src/certificates/certificate.js';
import { readBer } from '../src/encoding/ber.js';
import { decodeCborMap } from '../src/encoding/cbor-map.js';
import { DecodingError } from '../src/encoding/decoding-error.js';
import {
  AppAttestError,
  type Environment,
  inspectAssertion,
  inspectAttestation,
  inspectReceipt,
  verifyAssertion,
  verifyAttestation,
  verifyReceipt,
} from '../src/index.js';
import { decodeReceipt } from '../src/receipt/receipt.js';
import { decodeReceiptPayload } from '../src/receipt/receipt-payload.js';
import { decodeSignedData } from '../src/receipt/signed-data.js';
import { createReceiptTree } from '../test/support/receipt-tree.js';
import {
  type AttestationRecording,
  attestationOptions,
  attestationRecordings,
  fromBase64,
  recordedReceipts,
  recordings,
} from '../test/support/recordings.js';

import type { Random } from './random.js';
import { receiptWithWrongElement } from './wrong-elements.js';

/** A decoder or verifier to fuzz. */
export interface Target {
  readonly name: string;
  /** The genuine inputs. The mutations start from them. */
  readonly corpus: readonly Uint8Array[];
  /** The share of the executions of a run, relative to the shares of the other targets. */
  readonly share: number;
  /** Whether the inputs of the target are receipts. */
  readonly readsReceipts?: boolean;
  /** Generates a new input. Without this function, all inputs are mutations. */
  readonly generate?: (random: Random) => Uint8Array;
  /** The maximum length of an input, in bytes: slightly longer than the maximum that the target accepts. */
  readonly maxLength: number;
  /** Runs the target with an input. Throws only for a finding. */
  run(input: Uint8Array): unknown;
}

const attestations = attestationRecordings.map(({ attestation }) => fromBase64(attestation.object));
const assertions = recordings.flatMap(({ assertions: recorded }) => recorded.map(({ object }) => fromBase64(object)));
const objects = attestations.map((attestation) => decodeCborMap(attestation));
const certificates = objects.flatMap((object) => object.map('attStmt').arrayOfBytes('x5c'));
const authenticatorData = [
  ...objects.map((object) => object.bytes('authData')),
  ...assertions.map((assertion) => decodeCborMap(assertion).bytes('authenticatorData')),
];
const extensions = certificates.flatMap((certificate) => [...decodeCertificate(certificate).extensions.values()]);

const receipts = [
  ...objects.map((object) => object.map('attStmt').bytes('receipt')),
  ...recordedReceipts.map(({ receipt }) => fromBase64(receipt.object)),
];
const payloads = await Promise.all(receipts.map(async (receipt) => (await decodeSignedData(receipt)).content));

/** Throws the error again unless it is a `DecodingError`, because a decoder must not throw any other error. */
function expectDecodingError(error: unknown): void {
  if (!(error instanceof DecodingError)) throw error;
}

/**
 * Returns the result of a verifier, or `undefined` if it rejects the evidence. Throws for a finding: an error that is not an
 * `AppAttestError`, the code `invalid_argument`, or an unexpected error in a decoder.
 */
async function verdict(verify: () => Promise<unknown>): Promise<unknown> {
  try {
    return await verify();
  } catch (error) {
    if (!(error instanceof AppAttestError) || error.code === 'invalid_argument') throw error;
    // Verifiers convert every error of a decoder to malformed_…. An error that is not a DecodingError is a finding.
    if (error.code.startsWith('malformed_') && !(error.cause instanceof DecodingError)) throw error;
    return undefined;
  }
}

function decoder(
  name: string,
  share: number,
  corpus: readonly Uint8Array[],
  decode: (input: Uint8Array) => unknown,
): Target {
  const run = (input: Uint8Array): unknown => {
    try {
      const decoding = decode(input);
      return decoding instanceof Promise ? decoding.catch(expectDecodingError) : undefined;
    } catch (error) {
      return expectDecodingError(error);
    }
  };
  return { name, share, corpus, maxLength: 70_000, run };
}

/**
 * The verifier must reject a mutated attestation, or return the same result as for the recording. Only the receipt may
 * differ, because Apple's signature of the attestation does not cover it.
 */
async function attestationVerifier(recording: AttestationRecording): Promise<Target> {
  const options = attestationOptions(recording);
  const { receipt: _, ...recorded } = await verifyAttestation(options);
  return {
    name: `verifyAttestation ${recording.name}`,
    share: 2,
    corpus: [options.attestation, ...attestations],
    maxLength: 70_000,
    run: async (attestation) => {
      const verified = await verdict(() => verifyAttestation({ ...options, attestation }));
      if (verified === undefined) return;
      const { receipt: __, ...result } = verified as { receipt: Uint8Array };
      if (!isDeepStrictEqual(result, recorded)) throw new Error(`accepted: ${JSON.stringify(result)}`);
    },
  };
}

/**
 * The verifier must reject a mutated receipt, or return the same result as for the recording. A mutated receipt may be
 * accepted if only unsigned parts changed, such as a root certificate in the receipt.
 */
async function receiptVerifier({ name, appId, environment, attestation }: AttestationRecording): Promise<Target> {
  const recorded = decodeCborMap(fromBase64(attestation.object)).map('attStmt').bytes('receipt');
  const options = { appId, environment, date: (await decodeReceipt(recorded)).payload.creationTime };
  const expected = await verifyReceipt({ ...options, receipt: recorded });
  return {
    name: `verifyReceipt ${name}`,
    share: 2,
    readsReceipts: true,
    corpus: [recorded, ...receipts],
    maxLength: 70_000,
    run: async (receipt) => {
      const verified = await verdict(() => verifyReceipt({ ...options, receipt }));
      if (verified !== undefined && !isDeepStrictEqual(verified, expected)) {
        throw new Error(`accepted: ${JSON.stringify(verified)}`);
      }
    },
  };
}

/**
 * Generated receipts with one wrong element, under a trusted test root. If the wrong element is in the payload, the receipt is
 * signed again, and the result may differ from the result for the correct receipt. Otherwise, the verifier must reject the
 * receipt or return the same result.
 */
async function wrongElements(): Promise<Target> {
  const receipt = await createReceiptTree();
  const environment: Environment[] = ['production', 'development'];
  const options = { ...receipt.options, environment };
  const expected = await verifyReceipt({ ...options, receipt: receipt.bytes });
  const { content } = (await decodeReceipt(receipt.bytes)).signedData;
  return {
    name: 'receipts with a wrong element',
    share: 8,
    readsReceipts: true,
    corpus: [receipt.bytes],
    maxLength: 70_000,
    generate: (random) => receiptWithWrongElement(receipt, random),
    run: async (input) => {
      const verified = await verdict(() => verifyReceipt({ ...options, receipt: input }));
      if (verified === undefined || isDeepStrictEqual(verified, expected)) return;
      const isSignedAgain = !isDeepStrictEqual((await decodeReceipt(input)).signedData.content, content);
      if (!isSignedAgain) throw new Error(`accepted: ${JSON.stringify(verified)}`);
    },
  };
}

async function assertionVerifiers(): Promise<Target[]> {
  const targets: Target[] = [];
  for (const { name, publicKey, appId, assertions: recorded } of recordings) {
    if (publicKey === undefined) continue;
    for (const { object, clientData } of recorded) {
      const options = { publicKey, payload: fromBase64(clientData), appId, counter: 0 };
      const expected = await verifyAssertion({ ...options, assertion: fromBase64(object) });
      const run = async (assertion: string | Uint8Array) => {
        const verified = await verdict(() => verifyAssertion({ ...options, assertion }));
        if (verified !== undefined && !isDeepStrictEqual(verified, expected)) {
          throw new Error(`accepted: ${JSON.stringify(verified)}`);
        }
      };
      const corpus = [fromBase64(object), ...assertions];
      targets.push({ name: `verifyAssertion ${name}`, share: 2, corpus, maxLength: 9000, run });
      targets.push({
        name: `verifyAssertion ${name} as text`,
        share: 3,
        corpus: corpus.flatMap((bytes) => [
          Buffer.from(Buffer.from(bytes).toString('base64')),
          Buffer.from(Buffer.from(bytes).toString('base64url')),
        ]),
        maxLength: 12_000,
        run: (text) => run(Buffer.from(text).toString('latin1')),
      });
    }
  }
  return targets;
}

/**
 * A decoder with a planted bug, to show that the fuzzer finds bugs. The bug needs three specific bytes at the start of an input.
 * A random input begins with these bytes once in sixteen million. Coverage shows each correct byte, so the fuzzer finds the bug
 * soon.
 */
export const PLANTED: Target = {
  name: 'planted',
  share: 1,
  corpus: [new Uint8Array(16)],
  maxLength: 64,
  run: (input) => {
    if (input[0] !== 0x91) return;
    if (input[1] !== 0xd7) return;
    if (input[2] === 0x3c) throw new Error('found');
  },
};

/**
 * Creates a target for each verifier and for each internal decoder. A verifier rejects most inputs early and then
 * does not reach its later decoders, so the decoders have their own targets.
 */
export async function createTargets(): Promise<readonly Target[]> {
  const chosen = attestationRecordings.filter(({ name }) => {
    return name === 'apple-guide-2026' || name === 'node-app-attest-production';
  });
  const verifiers = await Promise.all([...chosen.map(attestationVerifier), ...chosen.slice(0, 1).map(receiptVerifier)]);
  return [
    decoder('CBOR map', 180, [...attestations, ...assertions], (input) => decodeCborMap(input).names()),
    decoder('authenticator data', 190, authenticatorData, (input) => decodeAuthenticatorData(input)),
    decoder('attested authenticator data', 190, authenticatorData, (input) => decodeAttestedAuthenticatorData(input)),
    decoder('certificate', 100, certificates, (input) => decodeCertificate(input)),
    decoder('tagged values', 120, extensions, (input) => {
      const values = new TaggedValues(input);
      for (const tag of [1026, 1104, 1204, 1400, 1403]) [values.has(tag), values.text(tag), values.number(tag)];
    }),
    decoder('single octet string', 120, extensions, (input) => readSingleOctetString(input, 1)),
    decoder('BER', 20, receipts, (input) => readBer(input)),
    { ...decoder('CMS SignedData', 4, receipts, (input) => decodeSignedData(input)), readsReceipts: true },
    decoder('receipt payload', 30, payloads, (input) => decodeReceiptPayload(input)),
    {
      name: 'inspectAttestation',
      share: 8,
      corpus: attestations,
      maxLength: 70_000,
      run: (input) => inspectAttestation(input),
    },
    {
      name: 'inspectReceipt',
      share: 3,
      readsReceipts: true,
      corpus: receipts,
      maxLength: 70_000,
      run: (input) => inspectReceipt(input),
    },
    {
      name: 'inspectAssertion',
      share: 50,
      corpus: assertions,
      maxLength: 9000,
      run: (input) => inspectAssertion(input),
    },
    ...verifiers,
    await wrongElements(),
    ...(await assertionVerifiers()).slice(0, 2),
  ];
}
