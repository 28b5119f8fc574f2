import type { VerifiedAssertion } from '../assertion/verify-assertion.js';
import type { AuthenticatorExtensions } from '../authenticator-data/authenticator-extensions.js';
import { AppAttestError } from '../errors.js';
import { readKnownOptions } from '../options/known-options.js';
import { sideBySide } from '../runtime/side-by-side.js';
import { type Configuration, readReadChallenge } from './app-attest-options.js';
import { type AssertedRequest, readAssertedRequest } from './asserted-request.js';
import { findChallenge, type ReadChallenge } from './challenge.js';
import type { ChallengeRecord } from './challenge-store.js';
import { counterFloor } from './counter-window.js';
import { carriesExtensions } from './extension-continuity.js';
import { findKey, storedKeyId, unknownKey } from './find-key.js';
import type { AcceptedEvidence } from './formats.js';
import type { KeyCache } from './key-cache.js';
import type { KeyStore, KeyUse } from './key-store.js';
import { lastUse } from './last-use.js';
import { authenticateOtherFormat, readOtherFormat } from './other-format.js';
import type { PublicKeyCache } from './public-key-cache.js';
import type { StoredKey } from './stored-key.js';
import { readSubject } from './subject.js';
import { assertChallengeSubject, needsUser, openChallenge, takeOpened } from './take-challenge.js';
import { assertKeyUsable, verifyWithKey } from './verify-with-key.js';

/** Options of `authenticate`. */
export interface AuthenticateOptions {
  /**
   * The key must belong to this user. By default, the key may belong to any user or to none. `key.subject` in the
   * result is the user of the key.
   */
  subject?: string;
  /** Replaces `readChallenge` of the server for this request. */
  readChallenge?: ReadChallenge | undefined;
}

/** An accepted request, signed by a registered key. */
export interface AuthenticatedRequest {
  /** The key that signed the request, with its new counter. */
  key: StoredKey;
  /** The signed bytes. Use these bytes, because a body that was parsed earlier is not verified. */
  payload: Uint8Array;
  /**
   * The extensions, which describe the running app. iOS 27 and later sign them. Absent if the assertion has no signed
   * extensions.
   */
  extensions?: AuthenticatorExtensions;
}

/** State in the memory of this process. */
export interface Caches {
  readonly publicKeys: PublicKeyCache;
  /** Absent without the option `keyCache`. */
  readonly keys: KeyCache | undefined;
}

export async function authenticate<Result extends AcceptedEvidence>(
  configuration: Configuration<Result>,
  caches: Caches,
  body: unknown,
  passed: AuthenticateOptions = {},
): Promise<AuthenticatedRequest | Result> {
  const options = readKnownOptions<AuthenticateOptions>('authenticate', passed, {
    // `undefined` often means that the caller's lookup found no user. The server must not accept the keys of all users then.
    subject: 'never undefined',
    readChallenge: 'may be undefined',
  });
  const subject = readSubject(options.subject);
  const readChallenge = readReadChallenge(options.readChallenge) ?? configuration.readChallenge;
  const other = readOtherFormat(configuration.formats, body);
  if (other) return authenticateOtherFormat(configuration, other, subject, readChallenge);
  const request = readAssertedRequest(body, configuration.clientData);

  // 1. The challenge was issued by this server. The server takes it while the store finds the key. If the key is already known,
  // the server takes the challenge later, while the store accepts the counter.
  const found = findChallenge('payload', request.payload, readChallenge);
  const isOpenedByKey = subject === undefined && needsUser(configuration, found);
  const known = isOpenedByKey ? await usableKey(configuration, request, subject) : cachedKey(caches, request, subject);
  const opened = openChallenge(configuration, found, isOpenedByKey ? (known?.subject ?? undefined) : subject);
  const taking = (): Promise<ChallengeRecord> => takeOpened(configuration, opened, 'assertion');
  if (!known) {
    const [record, key] = await sideBySide(taking(), () => findKey(configuration.keys, request.keyId));
    return authenticateWithStoredKey(configuration, caches, request, subject, record, key);
  }
  const attempt = await authenticateWithKnownKey(configuration, caches, request, taking, known);
  if ('accepted' in attempt) return attempt.accepted;
  // The store did not accept the counter for the known registration. The store may contain another registration of the
  // key, so the stored key decides.
  caches.keys?.drop(known.keyId);
  const key = await findKey(configuration.keys, request.keyId);
  return authenticateWithStoredKey(configuration, caches, request, subject, attempt.record, key);
}

/** Called after the challenge was taken. `key` is the key in the store, if there is one. */
async function authenticateWithStoredKey(
  configuration: Configuration,
  caches: Caches,
  request: AssertedRequest,
  subject: string | undefined,
  record: ChallengeRecord,
  key: StoredKey | undefined,
): Promise<AuthenticatedRequest> {
  // 2. The key is registered and still accepted.
  const { keys, counterWindow, policy } = configuration;
  if (!key) throw unknownKey(request.keyId);
  assertKeyUsable(key, subject, configuration);
  assertChallengeSubject(record, key.subject);

  // 3. The key signed exactly this payload.
  const floor = counterFloor(key.counter, counterWindow);
  const verified = await verifyWithKey(configuration, caches.publicKeys, request, key, floor);

  // 4. No other request with this counter was accepted. The store decides atomically.
  const use = keyUse(configuration, verified);
  if ((await keys.advance(key.keyId, verified.counter, counterWindow, use)) !== true)
    throw await counterRejection(keys, key, verified.counter);
  const accepted = acceptedRequest(request, key, verified, use);
  if (isCacheable(accepted.key, policy)) caches.keys?.keep(accepted.key);
  return accepted;
}

/**
 * Verifies the signature first. Then takes the challenge, while the store compares the registration and accepts the
 * counter. The counter of a known key may be old, so only the store decides about the signed counter.
 *
 * @returns `accepted` if the store accepted the counter, otherwise `record`. In both cases, the challenge was taken
 * @throws AppAttestError if the signature or the challenge is not valid. This does not depend on the key in the store
 */
async function authenticateWithKnownKey(
  configuration: Configuration,
  caches: Caches,
  request: AssertedRequest,
  taking: () => Promise<ChallengeRecord>,
  key: StoredKey,
): Promise<{ readonly accepted: AuthenticatedRequest } | { readonly record: ChallengeRecord }> {
  const { keys, counterWindow } = configuration;
  const verified = await verifyWithKey(configuration, caches.publicKeys, request, key, 0);
  const use = keyUse(configuration, verified);
  const registration = { createdAt: key.createdAt, subject: key.subject ?? undefined };
  const [record, isAccepted] = await sideBySide(taking(), () => {
    return keys.advance(key.keyId, verified.counter, counterWindow, use, registration);
  });
  if (isAccepted !== true) return { record };
  assertChallengeSubject(record, key.subject);
  const accepted = acceptedRequest(request, key, verified, use);
  caches.keys?.update(accepted.key);
  return { accepted };
}

/** Finds the key of the request, and checks it. The caller needs the user of this key to verify the signed challenge. */
async function usableKey(
  configuration: Configuration,
  { keyId }: AssertedRequest,
  subject: string | undefined,
): Promise<StoredKey> {
  const key = await findKey(configuration.keys, keyId);
  if (!key) throw unknownKey(keyId);
  assertKeyUsable(key, subject, configuration);
  return key;
}

/**
 * Returns the cached key of a request. If this key belongs to another user, returns `undefined`, so that the store
 * decides.
 */
function cachedKey(caches: Caches, { keyId }: AssertedRequest, subject: string | undefined): StoredKey | undefined {
  const stored = caches.keys && storedKeyId(keyId);
  const key = stored === undefined ? undefined : caches.keys?.get(stored);
  return key && (subject === undefined || key.subject === subject) ? key : undefined;
}

/**
 * Returns whether a key may be cached. The extensions of a key are stored once, and then do not change. Another process
 * may store the first extensions while this process has the key in its cache without extensions. So if the policy
 * rejects dropped extensions (`whenDropped`), a key without extensions is not cached.
 */
function isCacheable({ extensions }: StoredKey, policy: Configuration['policy']): boolean {
  return policy === undefined || policy.whenDropped === 'accept' || carriesExtensions(extensions);
}

function keyUse({ clock }: Configuration, { extensions }: VerifiedAssertion): KeyUse {
  return { usedAt: clock.now(), extensions: carriesExtensions(extensions) ? extensions : undefined };
}

function acceptedRequest(
  { payload }: AssertedRequest,
  key: StoredKey,
  { counter, extensions }: VerifiedAssertion,
  use: KeyUse,
): AuthenticatedRequest {
  const first = carriesExtensions(key.extensions) ? undefined : use.extensions;
  return {
    key: {
      ...key,
      counter: Math.max(key.counter, counter),
      lastUsedAt: lastUse(key.lastUsedAt, use.usedAt),
      ...(first && { extensions: first }),
    },
    payload,
    ...(extensions && { extensions }),
  };
}

async function counterRejection(keys: KeyStore, key: StoredKey, counter: number): Promise<AppAttestError> {
  const now = await keys.find(key.keyId);
  if (now?.revokedAt) return new AppAttestError('key_revoked', 'the key was revoked');
  return new AppAttestError(
    'counter_not_increased',
    'a request with this counter or a higher one was already accepted',
    {
      expected: `more than ${now?.counter ?? key.counter}`,
      actual: String(counter),
    },
  );
}
