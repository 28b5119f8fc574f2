import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AuthenticatorExtensions, Environment } from '../../src/index.js';

/** Evidence recorded on a real device, in the form that `fixtures/README.md` describes. */
export interface Recording {
  name: string;
  environment: Environment;
  appId: string;
  source: string;
  keyId: string;
  publicKey?: string;
  /** The extension map in authenticator data in which the flag ED is not set. A verifier must not trust this map. */
  unauthenticatedExtensions?: AuthenticatorExtensions;
  attestation?: { object: string; challenge?: string; clientDataHash?: string; validAt: string };
  receipts?: readonly RecordedReceipt[];
  assertions: readonly { object: string; clientData: string; counter: number }[];
}

/** A receipt and its expected values. Times are in ISO 8601, and `clientHash` is base64. */
export interface RecordedReceipt {
  object: string;
  type: 'ATTEST' | 'RECEIPT';
  riskMetric: number | null;
  clientHash: string;
  environment: 'production' | 'sandbox';
  creationTime: string;
  notBefore: string | null;
  expirationTime: string;
  token: string;
}

/** The folders with recordings: in the project and, on some machines, outside the project. */
const FOLDERS = {
  fixtures: new URL('../../fixtures/', import.meta.url),
  shared: new URL('../../../shared/recordings/', import.meta.url),
};

export const hasSharedRecordings = existsSync(FOLDERS.shared);

export const fixtures = readFolder(FOLDERS.fixtures);
export const sharedRecordings = hasSharedRecordings ? readFolder(FOLDERS.shared) : [];

/** The recordings in both folders. Apple's sample is in both folders, but only once in this list. */
export const recordings = [
  ...fixtures,
  ...sharedRecordings.filter(({ name }) => !fixtures.some((fixture) => fixture.name === name)),
];

export const attestationRecordings = recordings.filter(hasAttestation);

export type AttestationRecording = Recording & Required<Pick<Recording, 'attestation'>>;

function hasAttestation(recording: Recording): recording is AttestationRecording {
  return recording.attestation !== undefined;
}

/** The signatures of receipts in attestations from before October 2020 cannot be verified, not even with OpenSSL. */
export function hasVerifiableReceipt({ attestation }: AttestationRecording): boolean {
  return new Date(attestation.validAt) >= new Date('2020-10-01T00:00:00Z');
}

/** Every recorded receipt, with the known values of its key. */
export const recordedReceipts = recordings.flatMap(({ receipts = [], ...recording }) => {
  return receipts.map((receipt, index) => ({ ...recording, receipt, title: `receipt ${index} of ${recording.name}` }));
});

/** The recording in `fixtures/` with the given name. Tests must not require recordings outside the project. */
export function fixture(name: string): Recording {
  const found = fixtures.find((recording) => recording.name === name);
  if (!found) throw new Error(`fixtures/ has no recording with the name ${name}`);
  return found;
}

export function attestationFixture(name: string): AttestationRecording {
  const found = fixture(name);
  if (!hasAttestation(found)) throw new Error(`the recording ${name} has no attestation`);
  return found;
}

/** The options with which `verifyAttestation` accepts a recording. */
export function attestationOptions({ attestation, keyId, appId, environment }: AttestationRecording) {
  const { object, challenge, clientDataHash, validAt } = attestation;
  return {
    attestation: fromBase64(object),
    keyId,
    appId,
    environment,
    date: new Date(validAt),
    ...(challenge !== undefined && { challenge: fromBase64(challenge) }),
    ...(clientDataHash !== undefined && { clientDataHash: fromBase64(clientDataHash) }),
  };
}

export function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}

function readFolder(folder: URL): Recording[] {
  return readdirSync(fileURLToPath(folder))
    .toSorted()
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')));
}
