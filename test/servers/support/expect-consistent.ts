import { expect } from 'vitest';
import type { KeyStore } from '../../../src/server/key-store.js';
import type { StoredKey } from '../../../src/server/stored-key.js';

/** Later than all claims and dates of these tests. A claim that is made at this date and until this date ends immediately. */
const LATER = new Date('2100-01-01T00:00:00Z');

/**
 * Each of these keys that exists must be listed for its user and for no other user, and must be due if it has a date and is
 * not revoked. Returns the keys that exist.
 */
export async function expectConsistent(
  keys: KeyStore,
  keyIds: readonly string[],
  users: readonly string[],
): Promise<StoredKey[]> {
  const existing = (await Promise.all(keyIds.map((keyId) => keys.find(keyId)))).flatMap((key) => key ?? []);
  for (const user of users) {
    const expected = existing.filter(({ subject }) => subject === user).map(({ keyId }) => keyId);
    expect((await keys.list(user, { limit: 1000 })).map(({ keyId }) => keyId)).toEqual(expected.toSorted());
  }
  const due = existing.filter(({ receiptDueAt, revokedAt }) => receiptDueAt && !revokedAt).map(({ keyId }) => keyId);
  const claimed = await keys.due(LATER, 1000, LATER);
  expect(claimed.toSorted()).toEqual(due.toSorted());
  return existing;
}
