import { describe, expect, it } from 'vitest';
import { type Stores, storeConformance } from '../../src/conformance/index.js';
import type { AuthenticatorExtensions } from '../../src/index.js';
import {
  type ChallengeRecord,
  type ChallengeStore,
  type KeyStore,
  memoryStores,
  type StoredKey,
} from '../../src/server/index.js';

describe('the stores in memory', () => {
  const stores = memoryStores();
  for (const { name, run } of storeConformance(() => stores)) it(name, run);
});

const yieldOnce = () => new Promise((resolve) => setImmediate(resolve));

/** The shortest possible implementation of the two store interfaces: no optional method, and nothing expires. */
function smallStores(changes: (stores: Stores) => Partial<{ challenges: object; keys: object }> = () => ({})): Stores {
  const records = new Map<string, ChallengeRecord>();
  const { keys } = memoryStores();
  const stores: Stores = {
    challenges: {
      async put(challenge, record) {
        records.set(challenge, record);
      },
      async take(challenge) {
        const record = records.get(challenge);
        records.delete(challenge);
        return record;
      },
    },
    keys: {
      insert: (key) => keys.insert(key),
      find: (keyId) => keys.find(keyId),
      advance: (keyId, counter, window) => keys.advance(keyId, counter, window),
      revoke: (keyId, revokedAt) => keys.revoke(keyId, revokedAt),
    },
  };
  const { challenges: otherChallenges, keys: otherKeys } = changes(stores);
  return { challenges: { ...stores.challenges, ...otherChallenges }, keys: { ...stores.keys, ...otherKeys } };
}

describe('the smallest stores that the interfaces allow', () => {
  const stores = smallStores();
  for (const { name, run } of storeConformance(() => stores)) it(name, run);
});

/** Typical mistakes in stores, each with a word from the name of the case that must detect the mistake. */
const MISTAKES: readonly [
  string,
  (stores: Stores) => { challenges?: Partial<ChallengeStore>; keys?: Partial<KeyStore> },
  RegExp,
][] = [
  [
    'read a challenge, then delete it',
    () => {
      const records = new Map<string, ChallengeRecord>();
      return {
        challenges: {
          put: async (challenge, record) => void records.set(challenge, record),
          async take(challenge) {
            const record = records.get(challenge);
            await yieldOnce();
            records.delete(challenge);
            return record;
          },
        },
      };
    },
    /one caller gets it/,
  ],
  [
    'lose the subject',
    ({ challenges }) => ({
      challenges: { put: (challenge, { subject: _, ...record }) => challenges.put(challenge, record) },
    }),
    /with its record/,
  ],
  [
    'store only whole seconds',
    ({ challenges }) => ({
      challenges: {
        put: (challenge, record) => {
          const expiresAt = new Date(Math.floor(record.expiresAt.getTime() / 1000) * 1000);
          return challenges.put(challenge, { ...record, expiresAt });
        },
      },
    }),
    /to the millisecond/,
  ],
  [
    'compare text case-insensitively',
    ({ challenges, keys }) => ({
      challenges: {
        put: (challenge, record) => challenges.put(challenge.toLowerCase(), record),
        take: (challenge) => challenges.take(challenge.toLowerCase()),
      },
      keys: {
        insert: (key) => keys.insert({ ...key, keyId: key.keyId.toLowerCase() }),
        find: (keyId) => keys.find(keyId.toLowerCase()),
      },
    }),
    /upper and lower case/,
  ],
  [
    'delete a challenge by the date of the server',
    ({ challenges }) => ({
      challenges: {
        put: async (challenge, record) => {
          if (record.expiresAt.getTime() > Date.now()) await challenges.put(challenge, record);
        },
      },
    }),
    /after its lifetime/,
  ],
  [
    'overwrite a key',
    ({ keys }) => {
      const keysById = new Map<string, StoredKey>();
      return {
        keys: {
          insert: async (key) => {
            await keys.insert(key);
            keysById.set(key.keyId, key);
            return true;
          },
          find: async (keyId) => keysById.get(keyId),
        },
      };
    },
    /registered once/,
  ],
  [
    'check whether a key exists, then insert it',
    ({ keys }) => ({
      keys: {
        insert: async (key) => {
          if (await keys.find(key.keyId)) return false;
          await yieldOnce();
          await keys.insert(key);
          return true;
        },
      },
    }),
    /concurrent registrations/,
  ],
  [
    'read a counter, compare it, then write it',
    () => {
      const highest = new Map<string, number>();
      return {
        keys: {
          advance: async (keyId, counter) => {
            const stored = highest.get(keyId) ?? 0;
            await yieldOnce();
            if (counter <= stored) return false;
            highest.set(keyId, counter);
            return true;
          },
        },
      };
    },
    /sent many times concurrently/,
  ],
  ['accept any counter', () => ({ keys: { advance: async () => true } }), /higher than all earlier/],
  ['accept no counter', () => ({ keys: { advance: async () => false } }), /higher than all earlier/],
  [
    'accept an equal counter',
    ({ keys }) => ({
      keys: {
        advance: async (keyId, counter, window) => {
          return (await keys.find(keyId))?.counter === counter || keys.advance(keyId, counter, window);
        },
      },
    }),
    /higher than all earlier/,
  ],
  [
    'store counters in 31 bits',
    ({ keys }) => ({ keys: { advance: (keyId, counter, window) => keys.advance(keyId, counter | 0, window) } }),
    /unsigned/,
  ],
  [
    'let the window end one too late',
    ({ keys }) => ({
      keys: { advance: (keyId, counter, window) => keys.advance(keyId, counter, window && window + 1) },
    }),
    /narrow window/,
  ],
  [
    'let the window end one too early',
    ({ keys }) => ({
      keys: { advance: (keyId, counter, window) => keys.advance(keyId, counter, window && window - 1) },
    }),
    /inside the window/,
  ],
  [
    'start every key at counter zero',
    ({ keys }) => ({ keys: { insert: (key) => keys.insert({ ...key, counter: 0 }) } }),
    /inserted with a counter/,
  ],
  [
    'lose the counters that were accepted without a window',
    () => {
      const seen = new Map<string, Set<number>>();
      const highest = new Map<string, number>();
      return {
        keys: {
          advance: async (keyId, counter, window) => {
            const stored = highest.get(keyId) ?? 0;
            const accepted = seen.get(keyId) ?? new Set();
            if (counter < 1 || accepted.has(counter) || counter === stored) return false;
            if (counter < stored && (window === 0 || counter < stored - window)) return false;
            if (window > 0) seen.set(keyId, accepted.add(counter));
            highest.set(keyId, Math.max(stored, counter));
            return true;
          },
          find: async (keyId) => ({ keyId, counter: highest.get(keyId) ?? 0 }) as never,
        },
      };
    },
    /window is widened/,
  ],
  [
    'accept requests with a revoked key',
    ({ keys }) => {
      const revoked = new Map<string, Date>();
      return {
        keys: {
          revoke: async (keyId, revokedAt = new Date()) => {
            if (!(await keys.find(keyId))) return false;
            if (!revoked.has(keyId)) revoked.set(keyId, revokedAt);
            return true;
          },
          find: async (keyId) => {
            const [key, revokedAt] = [await keys.find(keyId), revoked.get(keyId)];
            return key && revokedAt ? { ...key, revokedAt } : key;
          },
        },
      };
    },
    /a revoked key/,
  ],
  [
    'report that an absent key was revoked',
    ({ keys }) => ({ keys: { revoke: async (keyId, at) => (await keys.revoke(keyId, at)) || true } }),
    /cannot be revoked/,
  ],
  [
    'return the stored object itself',
    ({ keys }) => {
      const handedOut = new Map<string, Awaited<ReturnType<KeyStore['find']>>>();
      return {
        keys: {
          find: async (keyId) => {
            const key = handedOut.get(keyId) ?? (await keys.find(keyId));
            handedOut.set(keyId, key);
            return key;
          },
        },
      };
    },
    /does not change the stored key/,
  ],
  ['report an unused challenge as used', () => ({ challenges: { fate: async () => 'used' } }), /reports it correctly/],
  [
    'overwrite extensions',
    ({ keys }) => {
      const recorded = new Map<string, AuthenticatorExtensions>();
      return {
        keys: {
          recordExtensions: async (keyId, extensions) => void recorded.set(keyId, extensions),
          find: async (keyId) => {
            const key = await keys.find(keyId);
            const extensions = recorded.get(keyId);
            return key && { ...key, ...(extensions && { extensions }) };
          },
        },
      };
    },
    /keeps the first extensions/,
  ],
];

describe('stores with a mistake fail: they', () => {
  it.each(MISTAKES)('%s', async (_, mistake, name) => {
    const stores = smallStores(mistake);
    const failed: string[] = [];
    for (const { name, run } of storeConformance(() => stores)) {
      await run().catch(() => failed.push(name));
    }
    expect(failed).toContainEqual(expect.stringMatching(name));
  });
});
