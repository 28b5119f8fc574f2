import { AssertionError } from 'node:assert';
import { describe, expect, it } from 'vitest';
import { type Stores, storeConformance } from '../../src/conformance/index.js';
import {
  type ChallengeRecord,
  type ChallengeStore,
  type KeyStore,
  type KeyUse,
  memoryStores,
  type StoredKey,
} from '../../src/server/index.js';

describe('with memoryStores,', () => {
  const stores = memoryStores();
  for (const { name, run } of storeConformance(() => stores)) it(name, run);
});

const yieldOnce = () => new Promise((resolve) => setImmediate(resolve));

/** Returns the store with some methods replaced. */
function changed(keys: KeyStore, methods: object = {}): KeyStore {
  return new Proxy(keys, {
    get: (target, name) => {
      const method: unknown = Reflect.get(methods, name) ?? Reflect.get(target, name);
      return typeof method === 'function' ? method.bind(target) : method;
    },
  });
}

/** Stores in memory. The challenge store has no optional method and deletes no expired challenges. `changes` replaces methods. */
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
    keys,
  };
  const { challenges: otherChallenges, keys: otherKeys } = changes(stores);
  return { challenges: { ...stores.challenges, ...otherChallenges }, keys: changed(keys, otherKeys) };
}

describe('with a challenge store that has no optional method,', () => {
  const stores = smallStores();
  for (const { name, run } of storeConformance(() => stores)) it(name, run);
});

type Mistake = (stores: Stores) => { challenges?: Partial<ChallengeStore>; keys?: Partial<KeyStore> };

/** A store that changes the argument `use` of `advance` before it stores the argument. */
function withUse(change: (use: KeyUse) => KeyUse): Mistake {
  return ({ keys }) => ({
    keys: {
      advance: (keyId, counter, window, use) => keys.advance(keyId, counter, window, use && change(use)),
    },
  });
}

/**
 * A store that replaces the time of the last use only with a time that is at least `precision` milliseconds later. With
 * `mayBecomeOlder`, a time that is at least as much earlier also replaces it.
 */
function keepLastUse(precision: number, mayBecomeOlder: boolean): Mistake {
  return ({ keys }) => {
    const uses = new Map<string, Date>();
    return {
      keys: {
        advance: async (keyId, counter, window, use) => {
          const accepted = await keys.advance(keyId, counter, window, use);
          const later = (use?.usedAt.getTime() ?? 0) - (uses.get(keyId)?.getTime() ?? 0);
          if (accepted && use && (mayBecomeOlder ? Math.abs(later) : later) >= precision) uses.set(keyId, use.usedAt);
          return accepted;
        },
        find: async (keyId) => {
          const [key, lastUsedAt] = [await keys.find(keyId), uses.get(keyId)];
          return key && { ...key, ...(lastUsedAt && { lastUsedAt }) };
        },
      },
    };
  };
}

/** Returns a method `list` that sorts the keys of a user with the function `order`. */
function ordered(keys: KeyStore, order: (one: string, other: string) => number): KeyStore['list'] {
  return async (subject, { limit, after }) => {
    const all = await keys.list(subject, { limit: 1000 });
    const sorted = all.toReversed().sort((one, other) => order(one.keyId, other.keyId));
    const start = after === undefined ? 0 : sorted.findIndex(({ keyId }) => keyId === after) + 1;
    return sorted.slice(start, start + limit);
  };
}

/** Typical mistakes in stores. Each has a pattern that matches the name of the case that must detect the mistake. */
const MISTAKES: readonly [string, Mistake, RegExp][] = [
  [
    'read and delete a challenge in two steps',
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
    /only one caller gets a record/,
  ],
  [
    'lose the user of a challenge',
    ({ challenges }) => ({
      challenges: { put: (challenge, { subject: _, ...record }) => challenges.put(challenge, record) },
    }),
    /gets the record of the challenge/,
  ],
  [
    'store expiration times in whole seconds',
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
    'ignore the case of challenges and key identifiers',
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
    /upper-case and lower-case/,
  ],
  [
    'do not store a challenge that is expired by the clock of the process',
    ({ challenges }) => ({
      challenges: {
        put: async (challenge, record) => {
          if (record.expiresAt.getTime() > Date.now()) await challenges.put(challenge, record);
        },
      },
    }),
    /new challenge is valid/,
  ],
  [
    'overwrite a registered key',
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
    'check whether a key exists and insert it in two steps',
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
    'read and write a counter in two steps',
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
  ['accept any counter', () => ({ keys: { advance: async () => true } }), /higher than all counters/],
  ['accept no counter', () => ({ keys: { advance: async () => false } }), /higher than all counters/],
  [
    'accept the highest accepted counter again',
    ({ keys }) => ({
      keys: {
        advance: async (keyId, counter, window) => {
          return (await keys.find(keyId))?.counter === counter || keys.advance(keyId, counter, window);
        },
      },
    }),
    /higher than all counters/,
  ],
  [
    'store counters as signed numbers of 32 bits',
    ({ keys }) => ({ keys: { advance: (keyId, counter, window) => keys.advance(keyId, counter | 0, window) } }),
    /unsigned numbers up to 2\^32 - 1/,
  ],
  [
    'accept one counter below the window',
    ({ keys }) => ({
      keys: { advance: (keyId, counter, window) => keys.advance(keyId, counter, window && window + 1) },
    }),
    /narrow window/,
  ],
  [
    'reject the lowest counter inside the window',
    ({ keys }) => ({
      keys: { advance: (keyId, counter, window) => keys.advance(keyId, counter, window && window - 1) },
    }),
    /inside the window/,
  ],
  [
    'insert every key with the counter 0',
    ({ keys }) => ({ keys: { insert: (key) => keys.insert({ ...key, counter: 0 }) } }),
    /inserted with a counter/,
  ],
  [
    'do not record the counters that are accepted while the window is 0',
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
    'accept counters of a revoked key',
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
    'insert a revoked key as a valid key',
    ({ keys }) => ({ keys: { insert: ({ revokedAt: _, ...key }) => keys.insert(key) } }),
    /stays revoked/,
  ],
  [
    'report that an absent key was revoked',
    ({ keys }) => ({ keys: { revoke: async (keyId, at) => (await keys.revoke(keyId, at)) || true } }),
    /cannot be revoked/,
  ],
  [
    'return the stored object instead of a copy',
    ({ keys }) => {
      const returned = new Map<string, Awaited<ReturnType<KeyStore['find']>>>();
      return {
        keys: {
          find: async (keyId) => {
            const key = returned.get(keyId) ?? (await keys.find(keyId));
            returned.set(keyId, key);
            return key;
          },
        },
      };
    },
    /does not change the stored key/,
  ],
  ['report an unused challenge as used', () => ({ challenges: { fate: async () => 'used' } }), /has a method fate/],
  [
    'overwrite the extensions of a key',
    ({ keys }) => {
      const recorded = new Map<string, KeyUse>();
      return {
        keys: {
          advance: async (keyId, counter, window, use) => {
            const accepted = await keys.advance(keyId, counter, window, use);
            if (accepted && use?.extensions) recorded.set(keyId, use);
            return accepted;
          },
          find: async (keyId) => {
            const key = await keys.find(keyId);
            const extensions = recorded.get(keyId)?.extensions;
            return key && { ...key, ...(extensions && { extensions }) };
          },
        },
      };
    },
    /first accepted request with extensions/,
  ],
  [
    'do not store the extensions of a request',
    withUse(({ usedAt }) => ({ usedAt })),
    /first accepted request with extensions/,
  ],
  ['update the last use once a minute', keepLastUse(60_000, false), /at most once an hour/],
  ['let the time of the last use become earlier', keepLastUse(60 * 60_000, true), /never becomes earlier/],
  [
    'update the last use for a rejected request',
    ({ keys }) => {
      const uses = new Map<string, Date>();
      return {
        keys: {
          advance: async (keyId, counter, window, use) => {
            if (use && !uses.has(keyId)) uses.set(keyId, use.usedAt);
            return keys.advance(keyId, counter, window);
          },
          find: async (keyId) => {
            const [key, lastUsedAt] = [await keys.find(keyId), uses.get(keyId)];
            return key && { ...key, ...(lastUsedAt && { lastUsedAt }) };
          },
        },
      };
    },
    /the counter is rejected/,
  ],
  [
    'check whether a key has a user and bind it in two steps',
    ({ keys }) => {
      const users = new Map<string, string>();
      return {
        keys: {
          bind: async (keyId, subject) => {
            const key = await keys.find(keyId);
            if (!key || key.revokedAt) return false;
            const user = users.get(keyId) ?? key.subject;
            await yieldOnce();
            if (user === undefined) users.set(keyId, subject);
            return (user ?? subject) === subject;
          },
        },
      };
    },
    /bound to many users concurrently/,
  ],
  [
    'bind a revoked key',
    ({ keys }) => ({
      keys: {
        bind: async (keyId, subject) => {
          return (await keys.bind(keyId, subject)) || (await keys.find(keyId))?.revokedAt !== undefined;
        },
      },
    }),
    /is revoked or does not exist cannot be bound/,
  ],
  [
    'list keys in the order of their registration',
    ({ keys }) => ({ keys: { list: ordered(keys, () => 0) } }),
    /in the order of their identifiers/,
  ],
  [
    'list keys in the order of their decoded bytes',
    ({ keys }) => ({
      keys: {
        list: ordered(keys, (one, other) => Buffer.compare(Buffer.from(one, 'base64'), Buffer.from(other, 'base64'))),
      },
    }),
    /in the order of their identifiers/,
  ],
  [
    'start a page at an offset instead of after the last key of the previous page',
    ({ keys }) => {
      const offsets = new Map<string, number>();
      return {
        keys: {
          list: async (subject, { limit, after }) => {
            const offset = after === undefined ? 0 : (offsets.get(subject) ?? 0);
            const all = await keys.list(subject, { limit: 1000 });
            offsets.set(subject, offset + limit);
            return all.slice(offset, offset + limit);
          },
        },
      };
    },
    /is on exactly one page/,
  ],
  [
    'leave revoked keys out of the list',
    ({ keys }) => ({
      keys: { list: async (subject, page) => (await keys.list(subject, page)).filter(({ revokedAt }) => !revokedAt) },
    }),
    /including revoked keys/,
  ],
  [
    'compare the names of users after normalization',
    ({ keys }) => {
      const words = (subject: string) => subject.normalize().trimEnd();
      return {
        keys: {
          insert: (key) => keys.insert({ ...key, ...(key.subject && { subject: words(key.subject) }) }),
          list: (subject, page) => keys.list(words(subject), page),
        },
      };
    },
    /users with similar names/,
  ],
  [
    'list a key for every user who tried to register it',
    ({ keys }) => {
      const users = new Map<string, Set<string>>();
      return {
        keys: {
          insert: (key) => {
            users.set(key.subject ?? '', (users.get(key.subject ?? '') ?? new Set()).add(key.keyId));
            return keys.insert(key);
          },
          list: async (subject, page) => {
            const found = await Promise.all([...(users.get(subject) ?? [])].map((keyId) => keys.find(keyId)));
            const listed = found.filter((key) => key !== null && key !== undefined);
            return listed.length > 0 ? listed : keys.list(subject, page);
          },
        },
      };
    },
    /listed only for its own user/,
  ],
  [
    'report that a key was removed, but do not remove it',
    () => ({ keys: { remove: async () => true } }),
    /no server finds the key or its receipt/,
  ],
  [
    'hide a removed key, but keep its stored data',
    ({ keys }) => {
      const removed = new Set<string>();
      return {
        keys: {
          insert: async (key) => (await keys.insert(key)) || removed.delete(key.keyId),
          find: async (keyId) => (removed.has(keyId) ? undefined : keys.find(keyId)),
          remove: async (keyId) => {
            if (removed.has(keyId) || !(await keys.find(keyId))) return false;
            removed.add(keyId);
            return true;
          },
        },
      };
    },
    /as if it were new/,
  ],
  [
    'check whether a key exists and remove it in two steps',
    ({ keys }) => ({
      keys: {
        remove: async (keyId) => {
          if (!(await keys.find(keyId))) return false;
          await yieldOnce();
          await keys.remove(keyId);
          return true;
        },
      },
    }),
    /only one call succeeds/,
  ],
  [
    'ignore the argument of revoke that names the user',
    ({ keys }) => ({ keys: { revoke: (keyId, revokedAt) => keys.revoke(keyId, revokedAt) } }),
    /revokes no key of another user/,
  ],
  [
    'ignore the argument of remove that names the user',
    ({ keys }) => ({ keys: { remove: (keyId) => keys.remove(keyId) } }),
    /removes no key of another user/,
  ],
  [
    'let any user revoke a key that belongs to no user',
    ({ keys }) => ({
      keys: {
        revoke: async (keyId, revokedAt, subject) => {
          const hasNoUser = (await keys.find(keyId))?.subject === undefined;
          return keys.revoke(keyId, revokedAt, hasNoUser ? undefined : subject);
        },
      },
    }),
    /a revocation for a user/,
  ],
  [
    'let any user remove a key that belongs to no user',
    ({ keys }) => ({
      keys: {
        remove: async (keyId, subject) => {
          const hasNoUser = (await keys.find(keyId))?.subject === undefined;
          return keys.remove(keyId, hasNoUser ? undefined : subject);
        },
      },
    }),
    /a removal for a user/,
  ],
  [
    'remove a key only for the user that it was registered for, but not for the user that it was bound to',
    ({ keys }) => {
      const users = new Map<string, string | undefined>();
      return {
        keys: {
          insert: (key) => {
            users.set(key.keyId, key.subject);
            return keys.insert(key);
          },
          remove: async (keyId, subject) => {
            return (subject === undefined || users.get(keyId) === subject) && keys.remove(keyId);
          },
        },
      };
    },
    /or bound to this user/,
  ],
  [
    'compare the user of a key and revoke the key in two steps',
    ({ keys }) => ({
      keys: {
        revoke: async (keyId, revokedAt, subject) => {
          if (subject !== undefined && (await keys.find(keyId))?.subject !== subject) return false;
          await yieldOnce();
          return keys.revoke(keyId, revokedAt);
        },
      },
    }),
    /two hundred concurrent revocations for a user/,
  ],
  [
    'compare the user of a key and remove the key in two steps',
    ({ keys }) => ({
      keys: {
        remove: async (keyId, subject) => {
          if (subject !== undefined && (await keys.find(keyId))?.subject !== subject) return false;
          await yieldOnce();
          return keys.remove(keyId);
        },
      },
    }),
    /two hundred concurrent removals for a user/,
  ],
  [
    'keep the receipt of a removed key',
    ({ keys }) => {
      const receipts = new Map<string, Uint8Array>();
      return {
        keys: {
          insert: (key) => {
            if (key.receipt) receipts.set(key.keyId, new Uint8Array(key.receipt));
            return keys.insert(key);
          },
          receipt: async (keyId) => (await keys.receipt(keyId)) ?? receipts.get(keyId),
        },
      };
    },
    /no server finds the key or its receipt/,
  ],
  [
    'return the receipt as a property of the key',
    ({ keys }) => ({
      keys: {
        find: async (keyId) => {
          const [key, receipt] = [await keys.find(keyId), await keys.receipt(keyId)];
          return key && Object.assign(key, { receipt });
        },
      },
    }),
    /with all its properties/,
  ],
  [
    'store a receipt as text',
    ({ keys }) => ({
      keys: {
        receipt: async (keyId) => {
          const receipt = await keys.receipt(keyId);
          return receipt && new TextEncoder().encode(new TextDecoder().decode(receipt));
        },
      },
    }),
    /exactly the receipt bytes/,
  ],
  [
    'delete the receipt if a refresh has no new receipt',
    ({ keys }) => ({
      keys: {
        saveReceipt: (keyId, { receipt = new Uint8Array(), ...update }) =>
          keys.saveReceipt(keyId, { receipt, ...update }),
      },
    }),
    /values that a refresh omits stay/,
  ],
  [
    'store the values of saveReceipt in two steps',
    ({ keys }) => {
      let calls = 0;
      return {
        keys: {
          saveReceipt: async (keyId, { receipt, ...update }) => {
            await keys.saveReceipt(keyId, update);
            // The second steps run in another order than the first steps.
            calls += 1;
            for (let turn = calls % 5; turn > 0; turn -= 1) await yieldOnce();
            const { receiptDueAt } = update;
            return keys.saveReceipt(keyId, { ...(receipt && { receipt }), receiptDueAt });
          },
        },
      };
    },
    /all values of one call/,
  ],
  [
    'read and claim due keys in two steps',
    ({ keys }) => {
      const claims = new Map<string, Date>();
      return {
        keys: {
          due: async (date, limit, claimedUntil) => {
            const all = await keys.due(date, 1000, date);
            const free = all.filter((keyId) => !((claims.get(keyId) ?? date) > date)).slice(0, limit);
            await yieldOnce();
            for (const keyId of free) claims.set(keyId, claimedUntil);
            return free;
          },
        },
      };
    },
    /claimed by only one/,
  ],
  [
    'claim keys that are due now, instead of keys that are due at the given date',
    ({ keys }) => ({ keys: { due: (_, limit, claimedUntil) => keys.due(new Date(), limit, claimedUntil) } }),
    /up to the limit/,
  ],
  [
    'claim all due keys, but return only some of them',
    ({ keys }) => ({
      keys: {
        due: async (date, limit, claimedUntil) => (await keys.due(date, 1000, claimedUntil)).slice(0, limit),
      },
    }),
    /up to the limit/,
  ],
  [
    'return due keys in the reverse order',
    ({ keys }) => ({
      keys: { due: async (...parameters) => (await keys.due(...parameters)).toReversed() },
    }),
    /in the order of their due dates/,
  ],
  [
    'claim keys forever',
    ({ keys }) => ({ keys: { due: (date, limit) => keys.due(date, limit, new Date('2500-01-01')) } }),
    /ends by itself/,
  ],
  [
    'return due keys without a claim',
    ({ keys }) => ({ keys: { due: (date, limit) => keys.due(date, limit, date) } }),
    /ends by itself/,
  ],
  [
    'do not end the claim in saveReceipt',
    ({ keys }) => {
      const claims = new Map<string, Date>();
      return {
        keys: {
          due: async (date, limit, claimedUntil) => {
            const found = await keys.due(date, limit, claimedUntil);
            const free = found.filter((keyId) => !((claims.get(keyId) ?? date) > date));
            for (const keyId of free) claims.set(keyId, claimedUntil);
            return free;
          },
        },
      };
    },
    /ends the claim/,
  ],
  [
    'count revoked keys toward the limit, then leave them out',
    ({ keys }) => {
      const revoked = new Set<string>();
      return {
        keys: {
          revoke: async (keyId) => revoked.add(keyId).has(keyId),
          due: async (...parameters) => (await keys.due(...parameters)).filter((keyId) => !revoked.has(keyId)),
        },
      };
    },
    /revoked keys are never claimed/,
  ],
  [
    'store the due date of a registration that is rejected',
    ({ keys }) => ({
      keys: {
        insert: async (key) => {
          if (await keys.insert(key)) return true;
          await keys.saveReceipt(key.keyId, { receiptDueAt: key.receiptDueAt ?? null });
          return false;
        },
      },
    }),
    /does not change its due date/,
  ],
];

describe('the conformance cases find the mistake of stores that', () => {
  it.each(MISTAKES)('%s', async (_, mistake, pattern) => {
    const stores = smallStores(mistake);
    const cases = storeConformance(() => stores).filter(({ name }) => pattern.test(name));
    const outcomes = await Promise.allSettled(cases.map(({ run }) => run()));
    expect(outcomes).toContainEqual({ status: 'rejected', reason: expect.any(AssertionError) });
  });
});
