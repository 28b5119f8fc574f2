import { type AppAttestOptions, readOptions } from './app-attest-options.js';
import { type AuthenticatedRequest, type AuthenticateOptions, authenticate } from './authenticate.js';
import { bindKey } from './bind-key.js';
import { findKey, storedKeyId, unknownKey } from './find-key.js';
import { type IssueChallengeOptions, type IssuedChallenge, issueChallenge } from './issue-challenge.js';
import { PublicKeyCache } from './public-key-cache.js';
import { redeemChallenge, type TakeChallengeOptions } from './redeem-challenge.js';
import { refreshReceipts } from './refresh-receipts.js';
import type { RefreshedReceipts, RefreshReceiptsOptions } from './refresh-receipts-options.js';
import { type RegisterOptions, register } from './register.js';
import type { StoredKey } from './stored-key.js';
import { forgetAll, type KeysOfOptions, keysOf, revokeAll } from './users-keys.js';

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
   * Takes a challenge for evidence that is not App Attest, such as a Play Integrity token: the evidence contains the
   * challenge, and the caller verifies it after this method resolved. The challenge cannot be used again, regardless of
   * the result. Evidence of App Attest needs no such call: `register` and `authenticate` take the challenge themselves.
   *
   * @param challenge The challenge as it was issued: 43 characters of base64url
   *
   * @throws AppAttestError with one of these codes:
   * - `invalid_argument`: the options are wrong
   * - `challenge_unknown`: malformed, never issued, or issued for another purpose or user
   * - `challenge_expired`, `challenge_used`: if the store can tell; `challenge_unknown` otherwise
   *
   * @example
   * ```ts
   * await appAttest.takeChallenge(body.challenge, { purpose: 'assertion', subject: user.id });
   * ```
   */
  takeChallenge(challenge: string, options: TakeChallengeOptions): Promise<void>;

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
   * Returns a registered key, revoked or not; `undefined` if there is none.
   *
   * @param keyId base64 or base64url
   *
   * @example
   * ```ts
   * const key = await appAttest.key(keyId);
   * ```
   */
  key(keyId: string): Promise<StoredKey | undefined>;

  /**
   * Returns a page of the keys of a user, revoked or not, in the order of their identifiers. The next page begins after
   * the last key of this one; an empty page means that there are no further keys. A key that exists during the whole
   * listing is on exactly one page, regardless of keys that are registered or deleted at the same time.
   *
   * @param subject The user, as passed to `register` or `bind`
   *
   * @throws AppAttestError `invalid_argument`: no user, `limit` is not an integer from 1 to 1000, or `after` is not a key
   *   identifier
   *
   * @example
   * ```ts
   * const keys = await appAttest.keysOf(user.id);
   * const nextPage = await appAttest.keysOf(user.id, { after: keys.at(-1)?.keyId });
   * ```
   */
  keysOf(subject: string, options?: KeysOfOptions): Promise<StoredKey[]>;

  /**
   * Sets the user of a key that was registered without one, before login for example. It can be done once: of several
   * users at the same time, one gets the key. It succeeds again for the same user. First let the app sign a request with
   * this key: `authenticate` proves that the app that logged in has it, and returns the key.
   *
   * @param keyId base64 or base64url
   * @param subject The user, as the server names it: 1 to 1024 characters, without NUL or lone surrogates
   *
   * @throws AppAttestError with one of these codes:
   * - `invalid_argument`: no user, or not such a text
   * - `key_unknown`: not a key identifier, or not registered
   * - `key_revoked`: registered but revoked
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
   * Revokes a key permanently: its requests are rejected, and it cannot be registered again. Its record stays.
   *
   * @param keyId base64 or base64url
   *
   * @throws AppAttestError `key_unknown`: not a key identifier, or not registered
   *
   * @example
   * ```ts
   * await appAttest.revoke(keyId);
   * ```
   */
  revoke(keyId: string): Promise<void>;

  /**
   * Revokes all keys of a user, also those that are registered while it runs. If it rejects, some keys may be revoked;
   * call it again.
   *
   * @param subject The user, as passed to `register` or `bind`
   * @returns The number of keys that it revoked. Keys that were revoked before do not count
   *
   * @throws AppAttestError `invalid_argument`: no user
   *
   * @example
   * ```ts
   * const revoked = await appAttest.revokeAll(user.id); // the account was taken over
   * ```
   */
  revokeAll(subject: string): Promise<number>;

  /**
   * Deletes a key with its counter, its revocation and its receipt. The device can then register the same key again, for
   * any user, with a new attestation; it needs a new challenge. To lock a key out, revoke it instead.
   *
   * @param keyId base64 or base64url
   * @returns Whether there was such a key
   *
   * @example
   * ```ts
   * await appAttest.forget(keyId); // the app told that it was reset
   * ```
   */
  forget(keyId: string): Promise<boolean>;

  /**
   * Deletes all keys of a user, as `forget` does, also those that are registered while it runs. Stop the user's
   * registrations before, or one may come after it. If it rejects, some keys may be deleted; call it again.
   *
   * @param subject The user, as passed to `register` or `bind`
   * @returns The number of keys that it deleted
   *
   * @throws AppAttestError `invalid_argument`: no user
   *
   * @example
   * ```ts
   * await appAttest.forgetAll(user.id); // the account was deleted
   * ```
   */
  forgetAll(subject: string): Promise<number>;

  /**
   * Returns the latest receipt of a key, revoked or not: CMS SignedData in BER, at most 64 KiB. `undefined` if there is no
   * such key, or it has no receipt. Without `verifyReceipts`, pass a receipt to `verifyReceipt` before you rely on it.
   *
   * @param keyId base64 or base64url
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
   * Asks Apple for the next receipts of the keys whose `receiptDueAt` has passed, the longest due first. Verifies each,
   * and stores it with its risk metric and the next due time. Call it every few minutes from a scheduled job, or run
   * `app-attest receipts refresh`.
   *
   * - A run claims a few keys at a time, for five minutes. Runs in other processes skip claimed keys. The process can be
   *   killed at any moment: a receipt is replaced only by a verified one, and claims end by themselves.
   * - A run asks at most once about a key, and does not ask about revoked keys.
   * - The result for a key depends on Apple's answer: 304 counts as `notModified`, and the key is due again tomorrow. 429,
   *   5xx or no answer count as `failed`, and the key stays due for a later run. 400 and 404, and a receipt of another key,
   *   app or environment, count as `failed`, and Apple is not asked again (`receiptDueAt` is then absent). Anything else, such as an
   *   answer that cannot be verified, or a key that this server no longer accepts, counts as `failed`, and the key is due again tomorrow.
   * - After 429, or any answer with `Retry-After`, the run sends no request for that time; for 60 seconds if a 429 names no
   *   time. It ends, and resolves, instead of waiting more than ten minutes in total.
   * - If it rejects, the answers to requests that were already sent are stored first.
   *
   * @throws AppAttestError with one of these codes:
   * - `invalid_argument`: the options or the credentials are wrong. No key was claimed
   * - `receipt_request_failed` with `status` 401: Apple rejected the credentials. No further request was sent
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
  return {
    issueChallenge: (challengeOptions) => issueChallenge(configuration, challengeOptions),
    takeChallenge: (challenge, takeOptions) => redeemChallenge(configuration, challenge, takeOptions),
    register: (body, registerOptions) => register(configuration, body, registerOptions),
    authenticate: (body, authenticateOptions) => authenticate(configuration, publicKeys, body, authenticateOptions),

    key: (keyId) => findKey(keys, keyId),
    keysOf: (subject, pageOptions) => keysOf(keys, subject, pageOptions),
    bind: (keyId, subject) => bindKey(keys, keyId, subject),

    async revoke(keyId) {
      const stored = storedKeyId(keyId);
      if (stored !== undefined && (await keys.revoke(stored, clock.now())) === true) return;
      throw unknownKey(keyId);
    },

    revokeAll: (subject) => revokeAll(keys, clock, subject),

    async forget(keyId) {
      const stored = storedKeyId(keyId);
      return stored !== undefined && (await keys.remove(stored)) === true;
    },

    forgetAll: (subject) => forgetAll(keys, subject),

    async receipt(keyId) {
      const stored = storedKeyId(keyId);
      return stored === undefined ? undefined : ((await keys.receipt(stored)) ?? undefined);
    },

    refreshReceipts: (refreshOptions) => refreshReceipts(configuration, refreshOptions),
  };
}
