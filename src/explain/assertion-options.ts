import type { KeyObject } from 'node:crypto';
import { MAX_ASSERTION_LENGTH } from '../assertion/assertion-object.js';
import { type ExtensionPolicy, readExtensionPolicy } from '../authenticator-data/extension-policy.js';
import { readPublicKey } from '../keys/public-key.js';
import { type AppId, readAppIds } from '../options/app-id.js';
import { keepEvidence } from '../options/evidence.js';
import { type KnownOptions, readKnownOptions } from '../options/known-options.js';
import { readStoredCounter } from '../options/stored-counter.js';
import { readExpectedClientData, readOtherChallenges } from './expected-client-data.js';

/** Options of {@link explainAssertion}: those of `verifyAssertion`, and `otherChallenges`. Only `assertion` is required. */
export interface ExplainAssertionOptions {
  /** The assertion object, as the server received it. `verifyAssertion` accepts base64 or base64url text, or bytes. */
  assertion: string | Uint8Array;
  /** The stored key: PEM, SubjectPublicKeyInfo DER, a 65-byte point or a `KeyObject`. */
  publicKey?: string | Uint8Array | KeyObject | undefined;
  /** The client data that the server verifies: text (hashed as UTF-8) or bytes. */
  payload?: string | Uint8Array | undefined;
  /** Instead of `payload`: the bytes that the app passed to `generateAssertion` as `clientDataHash`. */
  clientDataHash?: Uint8Array | undefined;
  /** The app or apps whose assertions are accepted. */
  appId?: AppId | readonly AppId[] | undefined;
  /** The last accepted counter of the key. */
  counter?: number | undefined;
  /** Requirements for the extensions. No requirements by default. */
  policy?: ExtensionPolicy;
  /** Challenges of other requests. The explanation finds out whether the app used one of the first 64 by mistake. */
  otherChallenges?: readonly string[] | undefined;
}

const KNOWN_OPTIONS: KnownOptions<ExplainAssertionOptions> = {
  assertion: 'never undefined',
  publicKey: 'may be undefined',
  payload: 'may be undefined',
  clientDataHash: 'may be undefined',
  appId: 'may be undefined',
  counter: 'may be undefined',
  policy: 'never undefined',
  otherChallenges: 'may be undefined',
};

/** Checks and copies the options, so that later changes by the caller have no effect. */
export function readExplainAssertionOptions(passed: ExplainAssertionOptions) {
  const options = readKnownOptions('explainAssertion', passed, KNOWN_OPTIONS);
  return {
    appIds: options.appId === undefined ? undefined : readAppIds(options.appId),
    policy: readExtensionPolicy(options.policy),
    storedCounter: options.counter === undefined ? undefined : readStoredCounter(options.counter),
    clientData: readExpectedClientData('payload', options.payload, options.clientDataHash),
    evidence: keepEvidence(options.assertion, 'assertion', MAX_ASSERTION_LENGTH),
    publicKey: options.publicKey === undefined ? undefined : readPublicKey(options.publicKey),
    otherChallenges: readOtherChallenges(options.otherChallenges),
  };
}

/** The values that the caller expects in an assertion. */
export type ExpectedAssertion = ReturnType<typeof readExplainAssertionOptions>;
