import { type AppAttestOptions, readOptions } from './app-attest-options.js';
import { type AuthenticatedRequest, type AuthenticateOptions, authenticate } from './authenticate.js';
import { findKey, storedKeyId, unknownKey } from './find-key.js';
import type { AcceptedEvidence, FormatResult, FormatVerifiers, NoFormats } from './formats.js';
import { type IssueChallengeOptions, type IssuedChallenge, issueChallenge } from './issue-challenge.js';
import { PublicKeyCache } from './public-key-cache.js';
import { type RegisterOptions, register } from './register.js';
import type { StoredKey } from './stored-key.js';

/**
 * The server side of App Attest, created by {@link createAppAttest}.
 *
 * If a request is rejected, or if an option is invalid, a method throws an `AppAttestError`. Any other error comes from a
 * store or from a function in the options. Respond to such an error with status 503, and never accept the request.
 *
 * `Result` is what the functions in the option `formats` return.
 */
export interface AppAttest<Result extends AcceptedEvidence = never> {
  /**
   * Issues a challenge: 32 random bytes as base64url. The challenge is valid for one purpose, once, until `challengeTtl`
   * seconds have passed.
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
   * Verifies an attestation and registers its key.
   *
   * A registration can be repeated with a fresh attestation, for example if the first response was lost. If the key is
   * already registered for the same user, the stored key stays unchanged and is returned. The new attestation is verified
   * in the same way.
   *
   * The challenge is used up, even if the registration is rejected. Exception: if a field of the body is missing or invalid,
   * the challenge stays valid.
   *
   * @param body An object with these fields. `@capgo/capacitor-app-attest` sends the same fields as JSON:
   * - `keyId`: the key identifier, base64 or base64url
   * - `challenge`: the client data that the app attested, text or bytes. The option `clientData` defines how the app
   *   hashed the client data. The client data is the issued challenge, the 32 bytes of the challenge, or other data that
   *   contains the challenge. In other data, `readChallenge` finds the challenge. By default, the data must be JSON with a
   *   top-level field `challenge`
   * - `token` or `attestation`: the attestation object, base64, base64url or bytes. If both fields are present, their
   *   values must be equal
   * - `platform`, `format`: `'ios'` and `'apple-app-attest'`, or absent
   *
   * For a format in the option `formats`, only `challenge` is read, as text. The function in `formats` verifies the rest.
   *
   * @returns the registered key, or the result of the function in `formats`
   *
   * @throws AppAttestError with one of these codes:
   * - `invalid_argument`: an option is unknown or invalid
   * - `malformed_attestation`: the body does not have these fields, or its attestation object is malformed
   * - `unsupported_format`: the plugin ran on Android or the web and `formats` does not have its format, or the object is
   *   not an App Attest attestation
   * - `challenge_unknown`: the client data contains no challenge, or the challenge was never issued, or the challenge was
   *   issued for another purpose or user
   * - `challenge_expired`, `challenge_used`: the challenge is no longer valid. A store without `fate` cannot report the
   *   reason; the code is then `challenge_unknown`
   * - `key_already_registered`: the key is registered for another user, or `insert` found the key but `find` did not
   * - `key_revoked`: the key is already registered and was revoked
   * - `app_id_mismatch`, `environment_mismatch`: the server does not accept the app or the environment
   * - all other codes of `verifyAttestation`; with the option `verifyReceipts`, also the codes of `verifyReceipt`
   *
   * @example
   * ```ts
   * const key = await appAttest.register(request.body, { subject: user.id });
   * ```
   */
  register(body: unknown, options?: RegisterOptions): Promise<StoredKey | Result>;

  /**
   * Verifies a signed request and accepts it once.
   *
   * The challenge is used up, even if the request is rejected. Exception: if a field of the body is missing or invalid, the
   * challenge stays valid.
   *
   * @param body An object with these fields. `@capgo/capacitor-app-attest` sends the same fields as JSON:
   * - `keyId`: the key identifier, base64 or base64url
   * - `payload`: the client data that the app signed, text or bytes. The option `clientData` defines how the app hashed the
   *   client data. The client data contains the challenge. It is the issued challenge, the 32 bytes of the challenge, JSON
   *   with a top-level field `challenge`, or other data in which `readChallenge` finds the challenge
   * - `token` or `assertion`: the assertion object, base64, base64url or bytes. If both fields are present, their values
   *   must be equal
   * - `platform`, `format`: `'ios'` and `'apple-app-attest'`, or absent
   *
   * For a format in the option `formats`, only `payload` is read, as text. The function in `formats` verifies the rest. No key
   * identifies the user, so a challenge that was issued for a user needs the option `subject`.
   *
   * @returns the accepted request, or the result of the function in `formats`
   *
   * @throws AppAttestError with one of these codes:
   * - `invalid_argument`: an option is unknown or invalid
   * - `malformed_assertion`: the body does not have these fields, or its assertion object is malformed
   * - `unsupported_format`: the plugin ran on Android or the web, and `formats` does not have its format
   * - `challenge_unknown`: the payload contains no challenge, or the challenge was never issued, or the challenge was issued
   *   for another purpose or user
   * - `challenge_expired`, `challenge_used`: the challenge is no longer valid. A store without `fate` cannot report the
   *   reason; the code is then `challenge_unknown`
   * - `key_unknown`: `keyId` is malformed, or the key is not registered, or the key is registered for another user
   * - `key_revoked`: the key was revoked
   * - `app_id_mismatch`, `environment_mismatch`: the server does not accept the app or the environment of the key
   * - `counter_not_increased`: the request is a replay, or its counter is lower than `counterWindow` allows
   * - `extension_missing`: an extension that `policy` requires is missing, or the assertion has no extensions although earlier
   *   evidence of the key had extensions (`whenDropped`)
   * - all other codes of `verifyAssertion`
   *
   * @example
   * ```ts
   * const { key, payload } = await appAttest.authenticate(request.body);
   * const order = JSON.parse(Buffer.from(payload).toString());
   * ```
   */
  authenticate(body: unknown, options?: AuthenticateOptions): Promise<AuthenticatedRequest | Result>;

  /**
   * Revokes a key permanently. The server then rejects requests with this key, and the key cannot be registered again.
   *
   * @param keyId The key identifier, base64 or base64url
   * @throws AppAttestError `key_unknown`
   */
  revoke(keyId: string): Promise<void>;

  /**
   * Returns a registered key, even if it was revoked. Returns `undefined` if the key is not registered.
   *
   * @param keyId The key identifier, base64 or base64url
   */
  key(keyId: string): Promise<StoredKey | undefined>;
}

/**
 * Creates the server side of App Attest. Each challenge is valid once, each key is registered once, and each counter of a key
 * is accepted once. This also holds if several servers share the stores.
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
export function createAppAttest<Formats extends FormatVerifiers = NoFormats>(
  options: AppAttestOptions<Formats>,
): AppAttest<FormatResult<Formats>>;
export function createAppAttest<Result extends AcceptedEvidence>(
  options: AppAttestOptions<FormatVerifiers<Result>>,
): AppAttest<Result> {
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
