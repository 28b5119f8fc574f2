import { type AuthenticatedRequest, type AuthenticateOptions, authenticate } from './authenticate.js';
import { findKey, storedKeyId, unknownKey } from './find-key.js';
import { type IssueChallengeOptions, type IssuedChallenge, issueChallenge } from './issue-challenge.js';
import { type AppAttestOptions, readOptions } from './options.js';
import { PublicKeyCache } from './public-key-cache.js';
import { type RegisterOptions, register } from './register.js';
import type { StoredKey } from './stored-key.js';

/**
 * App Attest with its state: what {@link createAppAttest} makes.
 *
 * What a client sends makes every method either resolve or reject with an `AppAttestError`. Any other error comes from
 * the stores, or from functions in the options: answer it with 503, never with acceptance.
 */
export interface AppAttest {
  /**
   * Issues a challenge: 32 random bytes as base64url, for one purpose, to be answered once within `challengeTtl`.
   *
   * @throws AppAttestError `invalid_argument`
   *
   * @example
   * ```ts
   * const { challenge, expiresAt } = await appAttest.issueChallenge({ purpose: 'assertion', subject: user.id });
   * ```
   */
  issueChallenge(options: IssueChallengeOptions): Promise<IssuedChallenge>;

  /**
   * Registers a key, once. A key that is registered for the same user already stays as it is, and is returned as the
   * store has it: devices can attest a key twice, and answers get lost. The attestation is verified in full all the same.
   * Regardless of the result, the challenge is used up; a body that cannot be read never gets that far.
   *
   * @param body An object with these entries, as `@capgo/capacitor-app-attest` sends it as JSON:
   * - `keyId`: the key identifier, base64 or base64url
   * - `challenge`: what the app was given to attest, text or bytes, to be hashed as `clientData` says. It is the issued
   *   challenge, as text or as the 32 bytes that the text stands for; or client data with the challenge in it, where
   *   `readChallenge` finds it: JSON with an entry `challenge` at the top by default
   * - `token`, or `attestation`: the attestation object, base64, base64url or bytes; equal where both are there
   * - `platform`, `format`: `'ios'` and `'apple-app-attest'`, or absent
   *
   * @throws AppAttestError with one of these codes:
   * - `invalid_argument`: the options are wrong, not the body
   * - `malformed_attestation`: no such object, or no attestation in it
   * - `unsupported_format`: the plugin on Android or the web, or no App Attest attestation
   * - `challenge_unknown`: none in the client data, never issued, or for something or somebody else
   * - `challenge_expired`, `challenge_used`: where the store can tell; `challenge_unknown` otherwise
   * - `key_already_registered`: for another user, or the store does not find it any more
   * - `key_revoked`: registered before, and revoked
   * - and those of `verifyAttestation`; with `verifyReceipts` also those of `verifyReceipt`
   *
   * @example
   * ```ts
   * const key = await appAttest.register(request.body, { subject: user.id });
   * ```
   */
  register(body: unknown, options?: RegisterOptions): Promise<StoredKey>;

  /**
   * Accepts a signed request, once. Regardless of the result, the challenge is used up.
   *
   * @param body An object with these entries, as `@capgo/capacitor-app-attest` sends it as JSON:
   * - `keyId`: the key identifier, base64 or base64url
   * - `payload`: what the app was given to sign, text or bytes, to be hashed as `clientData` says. It holds the
   *   challenge: it is the issued text, or the 32 bytes that this stands for, or JSON with an entry `challenge` at the
   *   top, or anything that `readChallenge` can read
   * - `token`, or `assertion`: the assertion object, base64, base64url or bytes; equal where both are there
   * - `platform`, `format`: `'ios'` and `'apple-app-attest'`, or absent
   *
   * @throws AppAttestError with one of these codes:
   * - `invalid_argument`: the options are wrong, not the body
   * - `malformed_assertion`: no such object, or no assertion in it
   * - `unsupported_format`: the plugin on Android or the web
   * - `challenge_unknown`: none in the payload, never issued, or for something or somebody else
   * - `challenge_expired`, `challenge_used`: where the store can tell; `challenge_unknown` otherwise
   * - `key_unknown`: no key identifier, not registered, or not for this subject
   * - `key_revoked`: registered, and revoked
   * - `app_id_mismatch`, `environment_mismatch`: not accepted here, or no longer
   * - `counter_not_increased`: a replay, or out of order beyond `counterWindow`
   * - `extension_missing`: `policy` asks for extensions, or the key carried them before (`whenDropped`)
   * - and those of `verifyAssertion`
   *
   * @example
   * ```ts
   * const { key, payload } = await appAttest.authenticate(request.body);
   * const order = JSON.parse(Buffer.from(payload).toString());
   * ```
   */
  authenticate(body: unknown, options?: AuthenticateOptions): Promise<AuthenticatedRequest>;

  /**
   * Revokes a key for good: it signs no more requests, and cannot be registered again.
   *
   * @param keyId base64 or base64url
   * @throws AppAttestError `key_unknown`
   */
  revoke(keyId: string): Promise<void>;

  /**
   * A registered key, revoked or not, `undefined` where there is none.
   *
   * @param keyId base64 or base64url
   */
  key(keyId: string): Promise<StoredKey | undefined>;
}

/**
 * The backend's half of App Attest: challenges that work once, keys that are registered once, counters that are
 * accepted once, however many servers share the stores.
 *
 * @throws AppAttestError `invalid_argument`: an option is missing, unknown or of the wrong form
 *
 * @example
 * ```ts
 * const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app', ...memoryStores() });
 *
 * const { challenge } = await appAttest.issueChallenge({ purpose: 'attestation' });
 * const key = await appAttest.register(body); // once per installation
 * const { payload } = await appAttest.authenticate(body); // for each protected request
 * ```
 *
 * @see https://developer.apple.com/documentation/devicecheck/validating-apps-that-connect-to-your-server
 */
export function createAppAttest(options: AppAttestOptions): AppAttest {
  const configuration = readOptions(options);
  const { keys, clock } = configuration;
  const publicKeys = new PublicKeyCache();
  return {
    issueChallenge: (challengeOptions) => issueChallenge(configuration, challengeOptions),
    register: (body, registerOptions) => register(configuration, body, registerOptions),
    authenticate: (body, authenticateOptions) => authenticate(configuration, publicKeys, body, authenticateOptions),

    async revoke(keyId) {
      const stored = storedKeyId(keyId);
      if (stored !== undefined && (await keys.revoke(stored, clock.now())) === true) return;
      throw unknownKey(keyId);
    },

    key: (keyId) => findKey(keys, keyId),
  };
}
