import { type ChallengeRecord, type ChallengeStore, memoryStores } from 'app-attest/server';
import { storeConformance } from 'app-attest/server/conformance';
import { test } from 'vitest';

/** A minimal store with one table. */
class OwnChallengeStore implements ChallengeStore {
  readonly #table = new Map<string, ChallengeRecord>();

  async put(challenge: string, record: ChallengeRecord) {
    this.#table.set(challenge, record); // in your store: expires after expiresAt - issuedAt, by its own clock
  }

  async take(challenge: string) {
    const record = this.#table.get(challenge);
    this.#table.delete(challenge); // in your store: one atomic step with reading, like DELETE … RETURNING or GETDEL
    return record;
  }
}

const challenges = new OwnChallengeStore();
const { keys } = memoryStores(); // in your store: your own KeyStore

// Called once for each of two servers on the same data. Return stores with separate connections.
for (const { name, run } of storeConformance(() => ({ challenges, keys }))) test(name, run);
