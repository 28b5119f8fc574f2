import { createRequire } from 'node:module';
import { APP_ID, recordedAt, recordedChallenge, recordedOptions, recording, type SignedRequest } from './evidence.js';

const require = createRequire(import.meta.url);

/** Another verifier, called as its documentation describes. Its functions throw if they reject the evidence. */
export interface Peer {
  readonly name: string;
  readonly verifyAssertion: (request: SignedRequest) => unknown;
  readonly verifyAttestation: () => unknown;
}

const appParts = (appId: string) => {
  const dot = appId.indexOf('.');
  return { teamIdentifier: appId.slice(0, dot), bundleIdentifier: appId.slice(dot + 1) };
};
const attestation = Buffer.from(recordedOptions.attestation);

async function nodeAppAttest(): Promise<Peer> {
  const library = await import(require.resolve('node-app-attest'));
  const app = appParts(APP_ID);
  const recordedApp = appParts(recording.appId);
  return {
    name: 'node-app-attest',
    verifyAssertion: ({ assertion, payload, pem }) => {
      return library.verifyAssertion({ assertion, payload, publicKey: pem, signCount: 0, ...app });
    },
    verifyAttestation: () => {
      return library.verifyAttestation({
        attestation,
        challenge: recordedChallenge,
        keyId: recording.keyId,
        ...recordedApp,
      });
    },
  };
}

/** `appattest-checker-node` reports a failure as `verifyError` in its result. This function throws instead. */
async function accepted<Result extends object>(result: Promise<Result>): Promise<Result> {
  const settled = await result;
  if ('verifyError' in settled) throw new Error(String(settled.verifyError));
  return settled;
}

function appattestCheckerNode(sha256: (data: Uint8Array) => Buffer): Peer {
  const library = require('appattest-checker-node');
  return {
    name: 'appattest-checker-node',
    verifyAssertion: ({ assertion, payload, pem }) => {
      return accepted(library.verifyAssertion(sha256(payload), pem, APP_ID, assertion));
    },
    // This verifier always verifies certificates at the current time.
    verifyAttestation: () => {
      return atTheMomentOfTheRecording(() => {
        const app = { appId: recording.appId, developmentEnv: false };
        return accepted(library.verifyAttestation(app, recording.keyId, recordedChallenge, attestation));
      });
    },
  };
}

async function supabaseIntegrityAttest(sha256: (data: Uint8Array) => Buffer): Promise<Peer> {
  const library = await import(import.meta.resolve('@bradford-tech/supabase-integrity-attest'));
  const clientDataHash = sha256(recordedChallenge);
  return {
    name: '@bradford-tech/supabase-integrity-attest',
    verifyAssertion: ({ assertion, payload, pem }) => {
      return library.verifyAssertion({ appId: APP_ID }, assertion, payload, pem, 0);
    },
    verifyAttestation: () => {
      return library.verifyAttestation({ appId: recording.appId }, recording.keyId, clientDataHash, attestation, {
        checkDate: recordedAt,
      });
    },
  };
}

export async function loadPeers(sha256: (data: Uint8Array) => Buffer): Promise<Peer[]> {
  const peers = [await nodeAppAttest(), appattestCheckerNode(sha256)];
  // This verifier calls ArrayBuffer.prototype.transfer, which Node.js 20 does not have.
  if ('transfer' in ArrayBuffer.prototype) peers.push(await supabaseIntegrityAttest(sha256));
  return peers;
}

const Real = globalThis.Date;
const Stopped = class extends Real {
  constructor(...values: []) {
    super(...((values.length === 0 ? [recordedAt.getTime()] : values) as []));
  }
  static override now(): number {
    return recordedAt.getTime();
  }
} as DateConstructor;

/**
 * Sets the clock to the time of the recording while `work` runs. Then restores the real `Date`, so that the other verifiers are
 * measured with the real `Date`, which is faster.
 */
async function atTheMomentOfTheRecording<Result>(work: () => Promise<Result>): Promise<Result> {
  globalThis.Date = Stopped;
  try {
    return await work();
  } finally {
    globalThis.Date = Real;
  }
}
