import type { AuthenticatedRequest, AuthenticateOptions } from './authenticate.js';
import type { AcceptedEvidence } from './formats.js';
import type { IssueChallengeOptions, IssuedChallenge } from './issue-challenge.js';
import type { TakeChallengeOptions } from './redeem-challenge.js';
import type { RefreshedReceipts, RefreshReceiptsOptions } from './refresh-receipts-options.js';
import type { RegisterOptions } from './register.js';
import type { StoredKey } from './stored-key.js';
import type { KeysOfOptions } from './users-keys.js';

/**
 * The server side of App Attest, created by `createAppAttest`.
 *
 * If a request is rejected, or if an option is invalid, a method throws an `AppAttestError`. Any other error comes from a
 * store or from a function in the options. Respond to such an error with status 503, and never accept the request.
 *
 * `Result` is the type that the functions in the option `formats` return.
 */
export interface AppAttest<Result extends AcceptedEvidence = never> {
  /**
   * Issues a challenge: 32 bytes as base64url, which nobody can predict. The challenge is valid once, for one purpose and for
   * `challengeTtl` seconds.
   *
   * @throws AppAttestError `invalid_argument`: an option is missing, unknown or invalid
   *
   * @example
   * ```ts
   * const { challenge, expiresAt } = await appAttest.issueChallenge({ purpose: 'assertion', subject: user.id });
   * ```
   */
  issueChallenge(options: IssueChallengeOptions): Promise<IssuedChallenge>;

  /**
   * Takes a challenge for evidence that is not from App Attest, such as a Play Integrity token. Call this method before you
   * verify the evidence. The challenge cannot be used again, even if you reject the evidence.
   *
   * Do not call this method for App Attest, because `register` and `authenticate` take the challenge.
   *
   * @param challenge The challenge as it was issued: 43 characters of base64url
   *
   * @throws AppAttestError with one of these codes:
   * - `invalid_argument`: the options are wrong
   * - `challenge_unknown`: the challenge is malformed, was never issued, or was issued for another purpose or user
   * - `challenge_expired`, `challenge_used`: the challenge is no longer valid. If the store does not report the reason, the
   *   code is `challenge_unknown`
   *
   * @example
   * ```ts
   * await appAttest.takeChallenge(body.challenge, { purpose: 'assertion', subject: user.id });
   * ```
   */
  takeChallenge(challenge: string, options: TakeChallengeOptions): Promise<void>;

  /**
   * Verifies an attestation and registers its key.
   *
   * A registration can be repeated with a fresh attestation, for example if the first response was lost. If the key is
   * already registered for the same user, the stored key stays unchanged and is returned. The new attestation must be
   * valid too.
   *
   * The challenge is used up, even if the registration is rejected. It stays valid in these cases:
   * - a field of the body is missing or has the wrong type, or `token` and `attestation` differ
   * - `platform` or `format` is not accepted
   * - the option `clientData` does not allow the value of `challenge`, for example text that is not base64
   * - a challenge from `signedChallenges` was issued for another user
   *
   * @param body An object with these fields. `@capgo/capacitor-app-attest` sends the same fields as JSON:
   * - `keyId`: the key identifier, base64 or base64url
   * - `challenge`: the client data that the app attested, text or bytes. The option `clientData` defines how the app hashed the
   *   client data. The client data is the issued challenge, the 32 bytes of the challenge, or other data that contains the
   *   challenge. In other data, `readChallenge` finds the challenge. Without `readChallenge`, the other data must be JSON with
   *   a top-level field `challenge`
   * - `token` or `attestation`: the attestation object, base64, base64url or bytes. If both fields are present, their
   *   values must be equal
   * - `platform`, `format`: `'ios'` and `'apple-app-attest'`, or absent
   *
   * For a format in the option `formats`, `register` reads only `challenge`, which must be text. The function in `formats`
   * verifies the evidence.
   *
   * @returns the registered key, or the result of the function in `formats`
   *
   * @throws AppAttestError with one of these codes:
   * - `invalid_argument`: an option is unknown or invalid
   * - `malformed_attestation`: the body does not have these fields, or its attestation object is malformed
   * - `unsupported_format`: the plugin ran on Android or the web and `formats` has no function for the format of the body, or
   *   the attestation object is not from App Attest
   * - `challenge_unknown`: the client data contains no challenge, or the challenge was never issued, or the challenge was
   *   issued for another purpose or user
   * - `challenge_expired`, `challenge_used`: the challenge is no longer valid. If the store does not report the reason, the
   *   code is `challenge_unknown`
   * - `key_already_registered`: the key is already registered, but not for the same user, or `insert` of the store found the
   *   key but `find` did not
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
   * The challenge is used up, even if the request is rejected. It stays valid in these cases:
   * - a field of the body is missing or has the wrong type, or `token` and `assertion` differ
   * - `platform` or `format` is not accepted
   * - the option `clientData` does not allow the value of `payload`, for example text that is not base64
   * - a challenge from `signedChallenges` was issued for another user
   * - the key is cached (`keyCache`), and the assertion is rejected for a reason other than its counter
   * - a challenge from `signedChallenges` was issued for a user, `subject` is absent, and the key is rejected, or the assertion is
   *   rejected for a reason other than its counter. The server then reads the key before it takes the challenge
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
   * For a format in the option `formats`, `authenticate` reads only `payload`, which must be text. The function in `formats`
   * verifies the evidence. No key identifies the user, so a challenge that was issued for a user needs the option `subject`.
   *
   * @returns the accepted request, or the result of the function in `formats`
   *
   * @throws AppAttestError with one of these codes:
   * - `invalid_argument`: an option is unknown or invalid
   * - `malformed_assertion`: the body does not have these fields, or its assertion object is malformed
   * - `unsupported_format`: the plugin ran on Android or the web, and `formats` has no function for the format of the body
   * - `challenge_unknown`: the payload contains no challenge, or the challenge was never issued, or the challenge was issued
   *   for another purpose or user
   * - `challenge_expired`, `challenge_used`: the challenge is no longer valid. If the store does not report the reason, the
   *   code is `challenge_unknown`
   * - `key_unknown`: `keyId` is malformed, or the key is not registered, or the key does not belong to the user in `subject`
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
   * Returns a registered key, even if it was revoked. Returns `undefined` if the key is not registered.
   *
   * @param keyId The key identifier, base64 or base64url
   *
   * @example
   * ```ts
   * const key = await appAttest.key(keyId);
   * ```
   */
  key(keyId: string): Promise<StoredKey | undefined>;

  /**
   * Returns a page of the keys of a user, in the order of their identifiers. Revoked keys are included. For the next
   * page, pass the identifier of the last key as `after`. An empty page means that there are no further keys.
   *
   * A key that exists during the whole listing is on exactly one page, even if other keys are registered or deleted at
   * the same time.
   *
   * @param subject The user, as passed to `register` or `bind`
   *
   * @throws AppAttestError `invalid_argument`: `subject` is missing or invalid, `limit` is not an integer from 1 to 1000,
   *   or `after` is not a key identifier
   *
   * @example
   * ```ts
   * const keys = await appAttest.keysOf(user.id);
   * const nextPage = await appAttest.keysOf(user.id, { after: keys.at(-1)?.keyId });
   * ```
   */
  keysOf(subject: string, options?: KeysOfOptions): Promise<StoredKey[]>;

  /**
   * Sets the user of a key that was registered without a user, for example before login. A key gets only one user, even if many
   * users bind the key at the same time. If the key already belongs to this user, the call succeeds and changes nothing.
   *
   * Pass the key of a request that `authenticate` accepted. A key identifier from a body proves nothing.
   *
   * @param keyId The key identifier, base64 or base64url
   * @param subject The user, 1 to 1024 characters, without NUL or lone surrogates
   *
   * @throws AppAttestError with one of these codes:
   * - `invalid_argument`: `subject` is missing or invalid
   * - `key_unknown`: `keyId` is not a key identifier, or the key is not registered
   * - `key_revoked`: the key was revoked
   * - `key_already_registered`: the key belongs to another user
   *
   * @example
   * ```ts
   * const { key } = await appAttest.authenticate(request.body);
   * const user = await logIn(request);
   * await appAttest.bind(key.keyId, user.id);
   * ```
   */
  bind(keyId: string, subject: string): Promise<void>;

  /**
   * Revokes a key permanently. The server then rejects requests with this key, and the key cannot be registered again.
   *
   * @param keyId The key identifier, base64 or base64url
   *
   * @throws AppAttestError `key_unknown`: `keyId` is not a key identifier, or the key is not registered
   *
   * @example
   * ```ts
   * await appAttest.revoke(keyId);
   * ```
   */
  revoke(keyId: string): Promise<void>;

  /**
   * Revokes all keys of a user, including keys that are registered at the same time. If the promise rejects, the call may have
   * revoked only some of the keys. Then call the method again.
   *
   * @param subject The user, as passed to `register` or `bind`
   * @returns The number of keys that this call revoked
   *
   * @throws AppAttestError `invalid_argument`: `subject` is missing or invalid
   *
   * @example
   * ```ts
   * const revoked = await appAttest.revokeAll(user.id); // the account was taken over
   * ```
   */
  revokeAll(subject: string): Promise<number>;

  /**
   * Deletes a key with its counter, its revocation and its receipt. The app can then register the same key again, for any
   * user, with a new challenge and a new attestation. To reject a key permanently, revoke it instead.
   *
   * @param keyId The key identifier, base64 or base64url
   * @returns Whether the key was registered
   *
   * @example
   * ```ts
   * await appAttest.forget(keyId);
   * ```
   */
  forget(keyId: string): Promise<boolean>;

  /**
   * Deletes all keys of a user, as `forget` does, including keys that are registered at the same time. First end the sessions
   * of the user, so that the user cannot register a key afterwards. If the promise rejects, the call may have deleted only some
   * of the keys. Then call the method again.
   *
   * @param subject The user, as passed to `register` or `bind`
   * @returns The number of keys that this call deleted
   *
   * @throws AppAttestError `invalid_argument`: `subject` is missing or invalid
   *
   * @example
   * ```ts
   * await appAttest.forgetAll(user.id); // the account was deleted
   * ```
   */
  forgetAll(subject: string): Promise<number>;

  /**
   * Returns the latest receipt of a key, even if the key was revoked. A receipt is a signed structure (CMS SignedData) of at
   * most 64 KiB. Returns `undefined` if the key is not registered or has no receipt. Without the option `verifyReceipts`, the
   * first receipt of a key was not verified: pass it to `verifyReceipt`.
   *
   * @param keyId The key identifier, base64 or base64url
   *
   * @example
   * ```ts
   * const receipt = await appAttest.receipt(keyId);
   * ```
   *
   * @see https://developer.apple.com/documentation/devicecheck/assessing-fraud-risk
   */
  receipt(keyId: string): Promise<Uint8Array | undefined>;

  /**
   * Requests the next receipts from Apple for keys whose `receiptDueAt` has passed. The key that has been due for the longest
   * time is first. Each new receipt is verified and then stored, with its risk metric and the next due time. Call this method
   * every few minutes from a scheduled job, or run `app-attest receipts refresh`.
   *
   * A run claims a few keys at a time, for five minutes. Runs in other processes skip claimed keys. You can kill the process
   * at any time, because only a verified receipt replaces a stored receipt, and claims end by themselves. A run sends at most
   * one request for each key, and no request for revoked keys.
   *
   * Apple's response decides what happens next:
   *
   * - 304 counts as `notModified`. The key is due again tomorrow.
   * - 429, 5xx or no response counts as `failed`. The key stays due for a later run.
   * - 400, 404, or a genuine receipt of another key, app or environment counts as `failed`. No further request is sent for the
   *   key, and `receiptDueAt` is then absent.
   * - Any other response counts as `failed`, for example a receipt that cannot be verified. The key is due again tomorrow.
   *
   * If the server does not accept the app or the environment of a key, no request is sent. The key counts as `failed` and is due
   * again tomorrow. If no due key belongs to an accepted app, `appId` is probably wrong. The due keys then stay due.
   *
   * If the store has no valid receipt for a key, no request is sent either. The key counts as `failed`, and its `receiptDueAt`
   * is then absent.
   *
   * After 429, or after another error response with the header `Retry-After`, the run waits before the next request. It waits
   * for the time in the header. After a 429 without the header, it waits for 60 seconds. If the waits would exceed ten minutes
   * in total, the run ends and the promise resolves.
   *
   * If the promise rejects, responses to requests that were already sent are stored first.
   *
   * @throws AppAttestError with one of these codes:
   * - `invalid_argument`: the options or the credentials are wrong. The run has claimed no key
   * - `receipt_request_failed` with `status` 401: Apple rejected the credentials. The run has ended
   * @throws the reason of `signal`, or an error of the key store
   *
   * @example
   * ```ts
   * const { refreshed, failed } = await appAttest.refreshReceipts({
   *   credentials: { teamId: 'TEAMID1234', keyId: 'ABC123DEFG', privateKey: await readFile('AuthKey.p8', 'utf8') },
   *   onProgress: ({ keyId, error }) => error && console.warn(keyId, error.message),
   * });
   * ```
   *
   * @see https://developer.apple.com/documentation/devicecheck/assessing-fraud-risk
   */
  refreshReceipts(options: RefreshReceiptsOptions): Promise<RefreshedReceipts>;
}
