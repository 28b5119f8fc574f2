import type { KeyObject } from 'node:crypto';
import { readPublicKey } from '../keys/public-key.js';
import { BoundedMemo } from '../runtime/bounded-memo.js';

/** About 2 KB a key: an import takes as long as a verification, and the devices of an hour are far fewer than all. */
const LIMIT = 10_000;

/** Public keys ready to verify, by their PEM. */
export class PublicKeyCache {
  readonly #keys = new BoundedMemo<KeyObject>(LIMIT);

  /** @throws AppAttestError `invalid_argument`: the PEM comes from the server's own database */
  get(pem: string): KeyObject {
    const known = this.#keys.get(pem);
    if (known) return known;
    const key = readPublicKey(pem);
    this.#keys.set(pem, key);
    return key;
  }
}
