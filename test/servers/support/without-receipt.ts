import type { NewKey, StoredKey } from '../../../src/server/stored-key.js';

/** Returns the key that `find` must return for a new key. */
export function withoutReceipt({ receipt: _, ...stored }: NewKey): StoredKey {
  return stored;
}
