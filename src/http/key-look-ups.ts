import { withinTimeLimit } from '../runtime/time-limit.js';
import type { AppAttest } from '../server/app-attest.js';
import type { AcceptedEvidence } from '../server/formats.js';
import type { StoredKey } from '../server/stored-key.js';

/**
 * The maximum number of look-ups in progress. An attacker can cause a look-up with each rejected request. Without a limit,
 * these look-ups could delay the queries of other requests, and the rejected requests would stay in memory if the store does
 * not respond.
 */
const LIMIT = 32;

/** Reads the keys of protected requests that were not accepted, for `onDecision` and for capsules. */
export class KeyLookUps {
  readonly #appAttest: AppAttest<AcceptedEvidence>;
  readonly #timeout: number;
  #inProgress = 0;

  /** @param timeout Seconds */
  constructor(appAttest: AppAttest<AcceptedEvidence>, timeout: number) {
    this.#appAttest = appAttest;
    this.#timeout = timeout;
  }

  /** Returns `undefined` if too many look-ups are in progress. The promise never rejects. */
  read(keyId: string): Promise<StoredKey | undefined> | undefined {
    return this.#inProgress < LIMIT ? this.#read(keyId) : undefined;
  }

  async #read(keyId: string): Promise<StoredKey | undefined> {
    this.#inProgress += 1;
    try {
      return await withinTimeLimit(this.#timeout, 'the stores', this.#appAttest.key(keyId));
    } catch {
      return undefined;
    } finally {
      this.#inProgress -= 1;
    }
  }
}
