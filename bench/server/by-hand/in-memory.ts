import { type KeyByHand, LIFETIME, type StoresByHand } from './stores.js';

/** State in the memory of this process. */
export function inMemory(): StoresByHand {
  const challenges = new Map<string, number>(); // challenge → expiry
  const keys = new Map<string, KeyByHand>();
  return {
    async put(challenge) {
      challenges.set(challenge, performance.now() + LIFETIME * 1000);
    },
    async take(challenge) {
      const expiresAt = challenges.get(challenge) ?? 0;
      return challenges.delete(challenge) && performance.now() < expiresAt;
    },
    async insert(key) {
      keys.set(key.keyId, { ...key });
    },
    async find(keyId) {
      return keys.get(keyId);
    },
    async advance(keyId, counter) {
      const key = keys.get(keyId);
      if (!key || counter <= key.counter) return false;
      key.counter = counter;
      return true;
    },
  };
}
