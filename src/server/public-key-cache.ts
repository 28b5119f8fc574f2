import type { KeyObject } from 'node:crypto';
import { readPublicKey } from '../keys/public-key.js';
import { BoundedMemo } from '../runtime/bounded-memo.js';

/**
 * About 2 KB each. Importing a key takes as long as verifying a signature, and far fewer devices are active within an
 * hour than are registered.
 */
const LIMIT = 10_000;

/** Imported public keys by their PEM. */
export class PublicKeyCache {
  readonly #keys = new BoundedMemo<KeyObject>(LIMIT);

  /** @throws AppAttestError `invalid_argument`: the PEM from the server's own database is invalid */
  get(pem: string): KeyObject {
    const known = this.#keys.get(pem);
    if (known) return known;
    const key = readPublicKey(pem);
    this.#keys.set(pem, key);
    return key;
  }
}
