import { AppAttestError, shortValue } from '../errors.js';
import { readKnownOptions } from '../options/known-options.js';
import { storedKeyId } from './find-key.js';
import type { KeyStore } from './key-store.js';
import type { ServerClock } from './server-clock.js';
import type { StoredKey } from './stored-key.js';
import { requireSubject } from './subject.js';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

/** Two or three passes are usual. With a faulty store that still lists changed keys as before, the passes would never end. */
const MAX_PASSES = 100;

/** Options of `keysOf`. */
export interface KeysOfOptions {
  /** The maximum number of keys, 1 to 1000. 100 by default. */
  limit?: number | undefined;
  /** The last key identifier of the previous page, base64 or base64url. By default, the method returns the first page. */
  after?: string | undefined;
}

/** Returns one page of the keys of a user. */
export async function keysOf(keys: KeyStore, user: string, passed: KeysOfOptions = {}): Promise<StoredKey[]> {
  const subject = requireSubject(user);
  const options = readKnownOptions<KeysOfOptions>('keysOf', passed, {
    limit: 'may be undefined',
    after: 'may be undefined',
  });
  const page = await keys.list(subject, { limit: readLimit(options.limit), after: readAfter(options.after) });
  return page.filter(isOf(subject));
}

/** Revokes all keys of a user, including keys that are registered at the same time. Returns the number of revoked keys. */
export async function revokeAll(keys: KeyStore, clock: ServerClock, user: string): Promise<number> {
  const subject = requireSubject(user);
  return untilNoneIsLeft(async () => {
    const revokedAt = clock.now();
    return countKeys(keys, subject, async ({ keyId, revokedAt: before }) => {
      return !before && (await keys.revoke(keyId, revokedAt, subject)) === true;
    });
  });
}

/** Deletes all keys of a user, including keys that are registered at the same time. Returns the number of deleted keys. */
export async function forgetAll(keys: KeyStore, user: string): Promise<number> {
  const subject = requireSubject(user);
  return untilNoneIsLeft(() =>
    countKeys(keys, subject, async ({ keyId }) => (await keys.remove(keyId, subject)) === true),
  );
}

/**
 * Repeats a pass over all keys until a pass changes no key. During a pass, a key can be registered on a page that was already
 * read.
 *
 * @throws Error if even the last of {@link MAX_PASSES} passes changed a key
 */
async function untilNoneIsLeft(pass: () => Promise<number>): Promise<number> {
  let total = 0;
  for (let passes = 0; passes < MAX_PASSES; passes += 1) {
    const changed = await pass();
    if (changed === 0) return total;
    total += changed;
  }
  throw new Error(`after ${MAX_PASSES} passes, the store still has keys of the user to revoke or delete`);
}

/**
 * Calls `change` for each key of a user. Returns the number of calls that returned `true`.
 *
 * @throws Error if the pages of the store do not advance
 */
async function countKeys(
  keys: KeyStore,
  subject: string,
  change: (key: StoredKey) => Promise<boolean>,
): Promise<number> {
  let count = 0;
  let after: string | undefined;
  do {
    const page: StoredKey[] = await keys.list(subject, { limit: MAX_LIMIT, after });
    for (const key of page.filter(isOf(subject))) if (await change(key)) count += 1;
    const last = page.length < MAX_LIMIT ? undefined : page.at(-1)?.keyId;
    if (last !== undefined && after !== undefined && last <= after)
      throw new Error('the store lists keys out of order');
    after = last;
  } while (after !== undefined);
  return count;
}

/** A database with case-insensitive comparison may return the keys of a different user. */
function isOf(subject: string): (key: StoredKey) => boolean {
  return (key) => key.subject === subject;
}

/** @throws AppAttestError `invalid_argument` */
function readLimit(limit: unknown = DEFAULT_LIMIT): number {
  if (typeof limit === 'number' && Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new AppAttestError(
    'invalid_argument',
    `limit must be an integer from 1 to ${MAX_LIMIT}, not ${shortValue(limit)}`,
  );
}

/** @throws AppAttestError `invalid_argument` */
function readAfter(after: string | undefined): string | undefined {
  if (after === undefined) return undefined;
  const stored = storedKeyId(after);
  if (stored !== undefined) return stored;
  throw new AppAttestError('invalid_argument', `after must be a key identifier, not ${shortValue(after)}`);
}
