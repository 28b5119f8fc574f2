import assert from 'node:assert/strict';
import type { NewKey, StoredKey } from '../server/stored-key.js';
import type { Stores } from '../server/stores.js';

/**
 * Compares the values and types of all properties of a key except its receipt. `undefined` and `null` count as absent. A
 * `Buffer` equals a `Uint8Array` with the same bytes.
 */
export function assertKey(actual: StoredKey | null | undefined, expected: NewKey): void {
  assert.ok(actual, 'the store does not find the key');
  const { receipt: _, ...key } = expected;
  assert.deepEqual(comparable(actual), comparable(key));
}

export function assertReceipt(actual: Uint8Array | null | undefined, expected: Uint8Array | undefined): void {
  assert.deepEqual(actual ? new Uint8Array(actual) : undefined, expected);
}

function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry !== undefined && entry !== null)
      .map(([name, entry]) => [name, comparable(entry)]),
  );
}

/** Returns the identifiers of the keys of a user, from one page. */
export async function listedIds({ keys }: Stores, subject: string): Promise<string[]> {
  return (await keys.list(subject, { limit: 1000 })).map(({ keyId }) => keyId);
}

/** Sorts key identifiers in ascending order of their bytes. */
export function sorted(keyIds: readonly string[]): string[] {
  return [...keyIds].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
}
