import type { ChallengeFate, ChallengeRecord, ChallengeStore } from '../challenge-store.js';

interface Entry {
  /** `undefined` after it was taken. */
  record: ChallengeRecord | undefined;
  /** By the monotonic clock of the process. */
  readonly expiresAt: number;
  /** The fate of a challenge is remembered for another lifetime after it expired. */
  readonly forgottenAt: number;
}

/** Challenges in the memory of one process. A full store deletes the oldest, so its size is bounded. */
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

  /** Entries are in insertion order, which is the order of expiry if all have the same lifetime. */
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
