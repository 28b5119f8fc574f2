import type { KeyObject } from 'node:crypto';
import type { AuthenticatorExtensions } from '../authenticator-data/authenticator-extensions.js';
import { assertCounterIncreased } from '../authenticator-data/counter.js';
import { assertExtensions, type ExtensionPolicy, readExtensionPolicy } from '../authenticator-data/extension-policy.js';
import { assertAppId } from '../authenticator-data/rp-id-hash.js';
import { assertSignedEnd } from '../authenticator-data/signed-end.js';
import { preparePublicKey } from '../keys/public-key.js';
import { type AppId, readAppIds } from '../options/app-id.js';
import { readClientDataHash } from '../options/client-data-hash.js';
import { keepEvidence } from '../options/evidence.js';
import { type KnownOptions, readKnownOptions } from '../options/known-options.js';
import { readStoredCounter } from '../options/stored-counter.js';
import { decodeAssertionObject, MAX_ASSERTION_LENGTH } from './assertion-object.js';
import { assertSignature } from './assertion-signature.js';

/** Options of {@link verifyAssertion}: the evidence from the app, and what the server stored about its key. */
export interface VerifyAssertionOptions {
  /** The assertion object from `generateAssertion`: base64 or base64url text, or bytes. At most 8 KiB. */
  assertion: string | Uint8Array;
  /** The stored key: PEM, SubjectPublicKeyInfo DER, a 65-byte point, or a `KeyObject`, which spares the import. */
  publicKey: string | Uint8Array | KeyObject;
  /** The client data, exactly as the app hashed it: text (hashed as UTF-8) or the raw bytes of the request. */
  payload?: string | Uint8Array | undefined;
  /** In place of `payload`: what the app passed to `generateAssertion` as `clientDataHash`. */
  clientDataHash?: Uint8Array | undefined;
  /** The app, or the apps, whose assertions are accepted. */
  appId: AppId | readonly AppId[];
  /** The last accepted counter of this key, 0 after its attestation. Required. */
  counter: number;
  /** What iOS 27 and later must say about the running app. Nothing by default. */
  policy?: ExtensionPolicy;
}

const KNOWN_OPTIONS: KnownOptions<VerifyAssertionOptions> = {
  assertion: 'never undefined',
  publicKey: 'never undefined',
  payload: 'may be undefined',
  clientDataHash: 'may be undefined',
  appId: 'never undefined',
  counter: 'never undefined',
  policy: 'never undefined',
};

const SHA256_LENGTH = 32;

/** A request that the key signed. */
export interface VerifiedAssertion {
  /** The new counter. Store it, in one atomic step that fails where a concurrent request stored one as high. */
  counter: number;
  /** The one of the accepted apps that signed. */
  appId: string;
  /** What iOS 27 and later signed about the running app. Absent where the signed flags do not announce it (no ED). */
  extensions?: AuthenticatorExtensions;
}

/**
 * Verifies that a request was signed by an attested key, and is not an earlier request again. Do this for every
 * protected request.
 *
 * The steps and their numbers are those of Apple's page. Step 6 is the caller's: the client data must hold a one-time
 * challenge that this server issued.
 *
 * @throws AppAttestError with one of these codes:
 * - `invalid_argument`: this call is wrong, not the evidence
 * - `overloaded`: 4096 assertions wait for their turn already, or this one waited for five seconds; nothing is decided.
 *   `retryAfter` are the seconds after which to try again
 * - `malformed_assertion`: no App Attest assertion object; or a map without the flag ED, beside a `clientDataHash` that has
 *   not 32 bytes
 * - `invalid_signature`: step 3, another key, or client data that changed on its way
 * - `app_id_mismatch`: step 4
 * - `counter_not_increased`: step 5
 * - `extension_missing`, `extension_rejected`: `policy` is not met
 *
 * @example
 * ```ts
 * const { counter } = await verifyAssertion({
 *   assertion: body.token,
 *   publicKey: key.publicKey,
 *   payload: body.payload,
 *   appId: 'TEAMID1234.com.example.app',
 *   counter: key.counter,
 * });
 * ```
 *
 * @see https://developer.apple.com/documentation/devicecheck/validating-apps-that-connect-to-your-server
 */
export async function verifyAssertion(passed: VerifyAssertionOptions): Promise<VerifiedAssertion> {
  const options = readKnownOptions('verifyAssertion', passed, KNOWN_OPTIONS);
  const appIds = readAppIds(options.appId);
  const policy = readExtensionPolicy(options.policy);
  const storedCounter = readStoredCounter(options.counter);
  // 1. The hash of the client data.
  const clientDataHash = readClientDataHash('payload', options.payload, options.clientDataHash);
  const assertion = keepEvidence(options.assertion, 'assertion', MAX_ASSERTION_LENGTH);
  // From the first await on, nothing that the caller can change is looked at again.
  const publicKey = await preparePublicKey(options.publicKey);

  const { signature, authenticatorData } = decodeAssertionObject(assertion);
  // Beyond Apple's list: it is known where authenticator data ends. No client data hashes to more bytes than a hash has.
  if (clientDataHash.length !== SHA256_LENGTH) assertSignedEnd(authenticatorData, 'malformed_assertion');

  // 2. and 3. The key signed this authenticator data and this client data.
  await assertSignature(signature, publicKey, authenticatorData.bytes, clientDataHash);

  // 4. It speaks for one of our apps.
  const appId = assertAppId(authenticatorData.rpIdHash, appIds);

  // 5. It is later than every assertion before.
  assertCounterIncreased(authenticatorData.counter, storedCounter);

  // Beyond Apple's list: the running app is one that the server's policy accepts.
  const { counter, extensions } = authenticatorData;
  assertExtensions(extensions, policy);

  return { counter, appId, ...(extensions && { extensions }) };
}
