import type { ChallengeFate, ChallengeRecord, ChallengeStore } from '../challenge-store.js';

interface Entry {
  /** `undefined` after the challenge was used. */
  record: ChallengeRecord | undefined;
  /** Milliseconds, by the monotonic clock of the process. */
  readonly expiresAt: number;
  /**
   * Milliseconds, by the monotonic clock of the process. Until this time, `fate` reports that the challenge was used or has
   * expired. After this time, the entry can be deleted.
   */
  readonly forgottenAt: number;
}

/** Stores challenges in the memory of one process. When the store is full, a new challenge replaces the oldest challenge. */
export class MemoryChallengeStore implements ChallengeStore {
  readonly #entries = new Map<string, Entry>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  async put(challenge: string, record: ChallengeRecord): Promise<void> {
    const now = performance.now();
    this.#makeRoom(now);
    const lifetime = record.expiresAt.getTime() - (record.issuedAt?.getTime() ?? Date.now());
    this.#entries.set(challenge, {
      record: copy(record),
      expiresAt: now + lifetime,
      forgottenAt: now + 2 * lifetime,
    });
  }

  async take(challenge: string): Promise<ChallengeRecord | undefined> {
    const entry = this.#entries.get(challenge);
    if (!entry?.record || performance.now() >= entry.expiresAt) return undefined;
    const { record } = entry;
    entry.record = undefined;
    return record;
  }

  async fate(challenge: string): Promise<ChallengeFate | undefined> {
    const entry = this.#entries.get(challenge);
    const now = performance.now();
    if (!entry || now >= entry.forgottenAt) return undefined;
    if (!entry.record) return 'used';
    return now >= entry.expiresAt ? 'expired' : undefined;
  }

  /**
   * Deletes entries that are no longer needed, and the oldest entry if the store is full. The map keeps the order of insertion,
   * which is usually the order of expiry.
   */
  #makeRoom(now: number): void {
    for (const [challenge, { forgottenAt }] of this.#entries) {
      if (forgottenAt > now && this.#entries.size < this.#limit) return;
      this.#entries.delete(challenge);
    }
  }
}

function copy({ purpose, subject, issuedAt, expiresAt }: ChallengeRecord): ChallengeRecord {
  return { purpose, subject, ...(issuedAt && { issuedAt: new Date(issuedAt) }), expiresAt: new Date(expiresAt) };
}
