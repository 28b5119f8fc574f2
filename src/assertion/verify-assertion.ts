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

/** Options of {@link verifyAssertion}: the evidence from the app, and the data that the server stored about the key. */
export interface VerifyAssertionOptions {
  /** The assertion object from `generateAssertion`: base64 or base64url text, or bytes. At most 8 KiB. */
  assertion: string | Uint8Array;
  /** The stored key: PEM, SubjectPublicKeyInfo DER, a 65-byte point or a `KeyObject`. A `KeyObject` is fastest. */
  publicKey: string | Uint8Array | KeyObject;
  /** The client data, exactly as the app hashed it: text (hashed as UTF-8) or the raw bytes of the request. */
  payload?: string | Uint8Array | undefined;
  /** Instead of `payload`: the bytes that the app passed to `generateAssertion` as `clientDataHash`. */
  clientDataHash?: Uint8Array | undefined;
  /** The app or apps whose assertions are accepted. */
  appId: AppId | readonly AppId[];
  /** The last accepted counter of this key. Pass 0 for the first assertion after the attestation. Required. */
  counter: number;
  /** Requirements for the extensions, which describe the running app (iOS 27 and later). No requirements by default. */
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

/** Result of {@link verifyAssertion}. */
export interface VerifiedAssertion {
  /** The new counter. Store it atomically, and only if the stored counter is still lower. */
  counter: number;
  /** The App ID of the accepted app that signed the request. */
  appId: string;
  /**
   * The extensions, which describe the running app. iOS 27 and later sign them. Absent if the flag ED (extension data) is
   * not set in authenticator data, because an app can then forge extensions.
   */
  extensions?: AuthenticatorExtensions;
}

/**
 * Verifies that an attested key signed a request, and that the request is not a replay of an earlier request. Call this
 * function for every protected request.
 *
 * The step numbers below are the assertion steps on Apple's page. The caller must do step 6: check that the client data
 * contains a one-time challenge that this server issued.
 *
 * @throws AppAttestError with one of these codes:
 * - `invalid_argument`: the options are wrong, not the evidence
 * - `overloaded`: 4096 assertions are already waiting, or this assertion waited for five seconds. The assertion
 *   was not verified. Try again after `retryAfter` seconds
 * - `malformed_assertion`: `assertion` is not an App Attest assertion object. Also thrown if `clientDataHash` does not have 32
 *   bytes, and authenticator data has an extension map but not the flag ED (extension data)
 * - `invalid_signature`: step 3, the assertion was signed with another key, or the client data changed in transit
 * - `app_id_mismatch`: step 4
 * - `counter_not_increased`: step 5
 * - `extension_missing`, `extension_rejected`: the evidence does not meet `policy`
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
  // All options are read and copied before the first await, so that later changes by the caller have no effect.
  const publicKey = await preparePublicKey(options.publicKey);

  const { signature, authenticatorData } = decodeAssertionObject(assertion);
  // Additional check: it is clear where authenticator data ends and the client data hash begins. This needs no check if the hash
  // has 32 bytes: the hash is then the last 32 of the signed bytes.
  if (clientDataHash.length !== SHA256_LENGTH) assertSignedEnd(authenticatorData, 'malformed_assertion');

  // 2. and 3. The key signed this authenticator data and this client data.
  await assertSignature(signature, publicKey, authenticatorData.bytes, clientDataHash);

  // 4. The assertion belongs to an accepted app.
  const appId = assertAppId(authenticatorData.rpIdHash, appIds);

  // 5. The counter is greater than the stored counter.
  assertCounterIncreased(authenticatorData.counter, storedCounter);

  // Additional check: the policy accepts the running app.
  const { counter, extensions } = authenticatorData;
  assertExtensions(extensions, policy);

  return { counter, appId, ...(extensions && { extensions }) };
}
