import { type ChallengeRecord, type ChallengeStore, memoryStores } from 'app-attest/server';
import { storeConformance } from 'app-attest/server/conformance';
import { test } from 'vitest';

/** A minimal store of challenges with one table. */
class OwnChallengeStore implements ChallengeStore {
  readonly #table = new Map<string, ChallengeRecord>();

  async put(challenge: string, record: ChallengeRecord) {
    this.#table.set(challenge, record); // your store: delete it after expiresAt - issuedAt, by the clock of the database
  }

  async take(challenge: string) {
    const record = this.#table.get(challenge);
    this.#table.delete(challenge); // your store: read and delete in one atomic step, such as DELETE … RETURNING or GETDEL
    return record;
  }
}

const challenges = new OwnChallengeStore();
const { keys } = memoryStores(); // your store: an instance of your own KeyStore

// Each case calls this function twice, for two servers. Return stores with separate connections to the same data.
for (const { name, run } of storeConformance(() => ({ challenges, keys }))) test(name, run);
