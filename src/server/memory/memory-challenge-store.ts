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
  /** Only for a challenge that `spend` marked as used: its expiry, in milliseconds since 1970. */
  readonly spentUntil?: number;
}

/** Stores challenges in the memory of one process. When the store is full, a new challenge replaces the oldest challenge. */
export class MemoryChallengeStore implements ChallengeStore {
  readonly #entries = new Map<string, Entry>();
  readonly #limit: number;
  /**
   * Milliseconds since 1970. The latest expiry of a spent challenge that was deleted too early, because the store was full. `spend`
   * returns false for all challenges that expire at this time or earlier. So a full store never makes a challenge valid again.
   */
  #spentUntil = Number.NEGATIVE_INFINITY;

  constructor(limit: number) {
    this.#limit = limit;
  }

  async put(challenge: string, record: ChallengeRecord): Promise<void> {
    const now = performance.now();
    this.#makeRoom(now);
    const lifetime = lifetimeOf(record);
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

  async spend(challenge: string, record: ChallengeRecord): Promise<boolean> {
    const spentUntil = record.expiresAt.getTime();
    if (this.#entries.has(challenge)) return false;
    const now = performance.now();
    this.#makeRoom(now);
    if (spentUntil <= this.#spentUntil) return false;
    const forgottenAt = now + 2 * lifetimeOf(record);
    this.#entries.set(challenge, { record: undefined, expiresAt: now, forgottenAt, spentUntil });
    return true;
  }

  /**
   * Deletes entries that are no longer needed, and the oldest entry if the store is full. The map keeps the order of insertion,
   * which is usually the order of expiry.
   */
  #makeRoom(now: number): void {
    for (const [challenge, { forgottenAt, spentUntil }] of this.#entries) {
      if (forgottenAt > now && this.#entries.size < this.#limit) return;
      if (forgottenAt > now && spentUntil !== undefined) this.#spentUntil = Math.max(this.#spentUntil, spentUntil);
      this.#entries.delete(challenge);
    }
  }
}

/** Milliseconds. */
function lifetimeOf({ issuedAt, expiresAt }: ChallengeRecord): number {
  return expiresAt.getTime() - (issuedAt?.getTime() ?? Date.now());
}

function copy({ purpose, subject, issuedAt, expiresAt }: ChallengeRecord): ChallengeRecord {
  return { purpose, subject, ...(issuedAt && { issuedAt: new Date(issuedAt) }), expiresAt: new Date(expiresAt) };
}
