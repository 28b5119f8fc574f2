import { type AppAttestOptions, readOptions } from './app-attest-options.js';
import { type AuthenticatedRequest, type AuthenticateOptions, authenticate } from './authenticate.js';
import { keepConfiguration } from './configuration-of.js';
import { findKey, storedKeyId, unknownKey } from './find-key.js';
import { type IssueChallengeOptions, type IssuedChallenge, issueChallenge } from './issue-challenge.js';
import { PublicKeyCache } from './public-key-cache.js';
import { type RegisterOptions, register } from './register.js';
import type { StoredKey } from './stored-key.js';

/**
 * App Attest with its state, created by {@link createAppAttest}.
 *
 * For anything that a client sends, a method resolves or rejects with an `AppAttestError`. Any other error comes from
 * the stores or from a function in the options. Answer it with 503, and never accept the request.
 */
export interface AppAttest {
  /**
   * Issues a challenge: 32 random bytes as base64url, for one purpose, valid once within `challengeTtl`.
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
   * Registers a key, once. If the key is already registered for the same user, it stays unchanged and is returned as
   * stored: devices can attest a key twice, and answers get lost. The attestation is verified in full in this case too.
   * The challenge is used up regardless of the result, except if the body cannot be decoded.
   *
   * @param body An object with these entries, as `@capgo/capacitor-app-attest` sends it as JSON:
   * - `keyId`: the key identifier, base64 or base64url
   * - `challenge`: the client data that the app attested, text or bytes, hashed as the option `clientData` says. It is
   *   the issued challenge, as text or as its 32 bytes, or client data with the challenge in it. `readChallenge` finds
   *   it there: by default in the top-level entry `challenge` of JSON
   * - `token`, or `attestation`: the attestation object, base64, base64url or bytes; equal if both are present
   * - `platform`, `format`: `'ios'` and `'apple-app-attest'`, or absent
   *
   * @throws AppAttestError with one of these codes:
   * - `invalid_argument`: the options are wrong, not the body
   * - `malformed_attestation`: the body is not such an object, or holds no valid attestation object
   * - `unsupported_format`: sent by the plugin on Android or the web, or not an App Attest attestation
   * - `challenge_unknown`: not in the client data, never issued, or issued for another purpose or user
   * - `challenge_expired`, `challenge_used`: if the store can tell; `challenge_unknown` otherwise
   * - `key_already_registered`: registered for another user, or no longer in the store
   * - `key_revoked`: registered before and revoked
   * - and those of `verifyAttestation`; with `verifyReceipts` also those of `verifyReceipt`
   *
   * @example
   * ```ts
   * const key = await appAttest.register(request.body, { subject: user.id });
   * ```
   */
  register(body: unknown, options?: RegisterOptions): Promise<StoredKey>;

  /**
   * Verifies a signed request and accepts it once. The challenge is used up regardless of the result.
   *
   * @param body An object with these entries, as `@capgo/capacitor-app-attest` sends it as JSON:
   * - `keyId`: the key identifier, base64 or base64url
   * - `payload`: the client data that the app signed, text or bytes, hashed as the option `clientData` says. It holds
   *   the challenge: it is the issued text, its 32 bytes, JSON with a top-level entry `challenge`, or anything in which
   *   `readChallenge` finds the challenge
   * - `token`, or `assertion`: the assertion object, base64, base64url or bytes; equal if both are present
   * - `platform`, `format`: `'ios'` and `'apple-app-attest'`, or absent
   *
   * @throws AppAttestError with one of these codes:
   * - `invalid_argument`: the options are wrong, not the body
   * - `malformed_assertion`: the body is not such an object, or holds no valid assertion object
   * - `unsupported_format`: sent by the plugin on Android or the web
   * - `challenge_unknown`: not in the payload, never issued, or issued for another purpose or user
   * - `challenge_expired`, `challenge_used`: if the store can tell; `challenge_unknown` otherwise
   * - `key_unknown`: not a key identifier, not registered, or registered for another user
   * - `key_revoked`: registered but revoked
   * - `app_id_mismatch`, `environment_mismatch`: not accepted by this server, or no longer
   * - `counter_not_increased`: a replay, or further out of order than `counterWindow` allows
   * - `extension_missing`: `policy` requires extensions, or the key carried them before (`whenDropped`)
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
   * Revokes a key permanently: its requests are rejected, and it cannot be registered again.
   *
   * @param keyId base64 or base64url
   * @throws AppAttestError `key_unknown`
   */
  revoke(keyId: string): Promise<void>;

  /**
   * Returns a registered key, revoked or not; `undefined` if there is none.
   *
   * @param keyId base64 or base64url
   */
  key(keyId: string): Promise<StoredKey | undefined>;
}

/**
 * Creates the server side of App Attest. Each challenge works once, each key is registered once, and each counter is
 * accepted once, regardless of how many servers share the stores.
 *
 * @throws AppAttestError `invalid_argument`: an option is missing, unknown or invalid
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
  const appAttest: AppAttest = {
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
  return keepConfiguration(appAttest, configuration);
}
