import { type ChallengeRecord, type ChallengeStore, memoryStores } from 'app-attest/server';
import { storeConformance } from 'app-attest/server/conformance';
import { test } from 'vitest';

/** A database with one table, as short as it can be. */
class OwnChallengeStore implements ChallengeStore {
  readonly #table = new Map<string, ChallengeRecord>();

  async put(challenge: string, record: ChallengeRecord) {
    this.#table.set(challenge, record); // in yours: to expire after expiresAt - issuedAt, by its own clock
  }

  async take(challenge: string) {
    const record = this.#table.get(challenge);
    this.#table.delete(challenge); // in yours: in one step with reading, as DELETE … RETURNING or GETDEL do
    return record;
  }
}

const challenges = new OwnChallengeStore();
const { keys } = memoryStores(); // in yours: a KeyStore of your own

// Called for each of two servers on the same data: return stores with a connection of their own.
for (const { name, run } of storeConformance(() => ({ challenges, keys }))) test(name, run);
