import type { KeyObject } from 'node:crypto';
import { readPublicKey } from '../keys/public-key.js';
import { GenerationalMemo } from '../runtime/generational-memo.js';

/**
 * The maximum number of cached keys, unless `max` of the option `keyCache` is larger. Each key needs about 2 KB. Only a
 * small part of the registered devices is active at the same time, so a limited cache is sufficient.
 */
const LIMIT = 10_000;

/** Caches imported public keys by their PEM text. Importing a key can take as long as verifying a signature. */
export class PublicKeyCache {
  readonly #keys: GenerationalMemo<KeyObject>;

  /** @param max The maximum number of cached keys. It has no effect if it is lower than {@link LIMIT} */
  constructor(max = 0) {
    this.#keys = new GenerationalMemo(Math.max(max, LIMIT));
  }

  /** @throws AppAttestError `invalid_argument`: the PEM text in the server's database is invalid */
  get(pem: string): KeyObject {
    const known = this.#keys.get(pem);
    if (known) return known;
    const key = readPublicKey(pem);
    this.#keys.set(pem, key);
    return key;
  }
}
