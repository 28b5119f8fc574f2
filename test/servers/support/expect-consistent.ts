import { expect } from 'vitest';
import type { KeyStore } from '../../../src/server/key-store.js';
import type { StoredKey } from '../../../src/server/stored-key.js';

/** A date after all claims and due dates of these tests. A claim until this date, made at this date, ends immediately. */
const LATER = new Date('2100-01-01T00:00:00Z');

/**
 * Expects that each existing key is listed for its user and for no other user. Also expects that exactly the keys that have a
 * due date and are not revoked are due. Returns the existing keys.
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
