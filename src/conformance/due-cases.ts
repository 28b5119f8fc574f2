import assert from 'node:assert/strict';
import type { NewKey } from '../server/stored-key.js';
import type { Stores } from '../server/stores.js';
import { atOnce } from './concurrency.js';
import { newKey } from './new-key.js';
import type { Requirement } from './requirement.js';
import { assertKey } from './stored-key-assertions.js';

/**
 * A date long before App Attest existed, so no real receipt is due. The cases therefore claim only keys of these cases, including
 * keys that an interrupted run left behind.
 */
const NOW = Date.UTC(1980, 0, 1);
const MINUTE = 60_000;

/** Returns the date that is this number of minutes after {@link NOW}. */
function at(minutes: number): Date {
  return new Date(NOW + minutes * MINUTE);
}

function dueKey(minutes: number, changes: Partial<NewKey> = {}): NewKey {
  return newKey({ receipt: Uint8Array.of(1), receiptDueAt: at(minutes), ...changes });
}

/** Creates a case for `due`. The case starts without claimable keys, and removes its keys at the end. */
function dueCase(
  name: string,
  check: (one: Stores, other: Stores, insert: (...keys: NewKey[]) => Promise<void>) => Promise<void>,
): Requirement {
  return {
    name,
    async check(one, other) {
      const inserted: NewKey[] = [];
      await claimAll(one, at(1000), new Date(Date.UTC(2200, 0, 1)));
      try {
        await check(one, other, async (...keys) => {
          inserted.push(...keys);
          for (const key of keys) assert.equal(await one.keys.insert(key), true);
        });
      } finally {
        for (const { keyId } of inserted) await one.keys.remove(keyId);
      }
    },
  };
}

/** Claims all keys that are due at a date, page by page. */
async function claimAll({ keys }: Stores, date: Date, claimedUntil: Date): Promise<string[]> {
  const claimed: string[] = [];
  for (let more = true; more; ) {
    const page = await keys.due(date, 1000, claimedUntil);
    claimed.push(...page);
    assert.equal(new Set(claimed).size, claimed.length, 'a key was claimed twice');
    more = page.length > 0;
  }
  return claimed;
}

const ids = (keys: readonly (NewKey | undefined)[]) => keys.map((key) => key?.keyId);

export const DUE_CASES: readonly Requirement[] = [
  dueCase('due keys are claimed in the order of their due dates, up to the limit', async (one, other, insert) => {
    const keys = [-1, -5, 0, -3, -4, -2].map((minutes) => dueKey(minutes));
    const { receiptDueAt: _, ...never } = dueKey(0);
    const notYet = newKey({ receiptDueAt: new Date(NOW + 1) });
    await insert(...keys, notYet, never);
    const [last, first, exact, third, second, fourth] = keys;
    assert.deepEqual(await other.keys.due(at(0), 1, at(5)), ids([first]));
    assert.deepEqual(await one.keys.due(at(0), 3, at(5)), ids([second, third, fourth]));
    assert.deepEqual(await other.keys.due(at(0), 1000, at(5)), ids([last, exact]));
    assert.deepEqual(await one.keys.due(at(0), 1000, at(5)), []);
    assert.deepEqual(await other.keys.due(new Date(NOW + 1), 1000, at(5)), ids([notYet]));
  }),

  dueCase('a claim changes no property of a key', async (one, other, insert) => {
    const key = dueKey(0, { subject: 'user' });
    await insert(key);
    assert.equal(await one.keys.advance(key.keyId, 3, 0), true);
    assert.deepEqual(await one.keys.due(at(0), 1, at(5)), [key.keyId]);
    assertKey(await other.keys.find(key.keyId), { ...key, counter: 3 });
    assert.equal(await other.keys.advance(key.keyId, 4, 0, { usedAt: at(0) }), true);
    assert.equal(await other.keys.insert(key), false);
    assert.deepEqual(await other.keys.due(at(0), 1000, at(5)), []);
  }),

  dueCase(
    'a claim ends by itself at the given time, and the key can then be claimed again',
    async (one, other, insert) => {
      const [short, long] = [dueKey(0), dueKey(-1)];
      await insert(short, long);
      assert.deepEqual(await one.keys.due(at(0), 1, at(60)), [long.keyId]);
      assert.deepEqual(await one.keys.due(at(0), 1, at(5)), [short.keyId]);
      for (const date of [at(0), new Date(at(5).getTime() - 1)]) {
        assert.deepEqual(await other.keys.due(date, 1000, at(60)), []);
      }
      assert.deepEqual(await other.keys.due(at(5), 1000, at(10)), [short.keyId]);
      assert.deepEqual(await one.keys.due(new Date(at(10).getTime() - 1), 1000, at(60)), []);
      assert.deepEqual(await one.keys.due(at(10), 1000, at(60)), [short.keyId]);
      assert.deepEqual(new Set(await other.keys.due(at(60), 1000, at(120))), new Set(ids([short, long])));
    },
  ),

  dueCase('a call of saveReceipt ends the claim, and sets the next due date of the key', async (one, other, insert) => {
    const [past, future, never] = [dueKey(-3), dueKey(-2), dueKey(-1)];
    await insert(past, future, never);
    assert.deepEqual(await one.keys.due(at(0), 1000, at(60)), ids([past, future, never]));
    await one.keys.saveReceipt(past.keyId, { receiptDueAt: at(-9) });
    await other.keys.saveReceipt(future.keyId, { receiptDueAt: at(2), receipt: Uint8Array.of(2), riskMetric: 1 });
    await one.keys.saveReceipt(never.keyId, { receiptDueAt: null });
    assert.deepEqual(await other.keys.due(at(0), 1000, at(60)), ids([past]));
    assert.deepEqual(await other.keys.due(at(1), 1000, at(60)), []);
    assert.deepEqual(await one.keys.due(at(2), 1000, at(60)), ids([future]));
    assert.deepEqual(await one.keys.due(at(59), 1000, at(60)), []);
    assert.deepEqual(new Set(await one.keys.due(at(60), 1000, at(90))), new Set(ids([past, future])));
  }),

  dueCase(
    'if saveReceipt sets the first due date of a key, or an earlier due date, the key is due at the new date',
    async (one, other, insert) => {
      const { receiptDueAt: _, ...dateless } = dueKey(0);
      const late = dueKey(500);
      await insert(dateless, late);
      assert.deepEqual(await one.keys.due(at(9), 1000, at(60)), []);
      await one.keys.saveReceipt(dateless.keyId, { receiptDueAt: at(1) });
      await other.keys.saveReceipt(late.keyId, { receiptDueAt: at(2) });
      assert.deepEqual(await other.keys.due(at(9), 1000, at(60)), ids([dateless, late]));
    },
  ),

  dueCase('revoked keys are never claimed', async (one, other, insert) => {
    const migrated = dueKey(-4, { revokedAt: at(-9) });
    const [before, after, left] = [dueKey(-3), dueKey(-2), dueKey(-1)];
    await insert(migrated, before, after, left);
    await one.keys.revoke(before.keyId);
    // The limit counts only claimed keys, not skipped keys.
    assert.deepEqual(await other.keys.due(at(0), 1, at(5)), [after.keyId]);
    await one.keys.revoke(after.keyId);
    assert.deepEqual(await other.keys.due(at(6), 1000, at(60)), [left.keyId]);
    await one.keys.saveReceipt(after.keyId, { receiptDueAt: at(0) });
    assert.deepEqual(await other.keys.due(at(6), 1000, at(60)), []);
  }),

  dueCase('a claimed key that is removed is not claimed again', async (one, other, insert) => {
    const [key, left] = [dueKey(-2), dueKey(-1)];
    await insert(key, left);
    assert.deepEqual(await one.keys.due(at(0), 1, at(5)), [key.keyId]);
    assert.equal(await other.keys.remove(key.keyId), true);
    assert.equal(await one.keys.saveReceipt(key.keyId, { receiptDueAt: at(0) }), false);
    assert.deepEqual(await other.keys.due(at(6), 1, at(60)), [left.keyId]);
    assert.deepEqual(await other.keys.due(at(6), 1000, at(60)), []);
  }),

  dueCase('a key that is removed and registered again is due only at its new due date', async (one, other, insert) => {
    const [claimed, unclaimed] = [dueKey(-1), dueKey(1)];
    await insert(claimed, unclaimed);
    assert.deepEqual(await one.keys.due(at(0), 1000, at(60)), [claimed.keyId]);
    for (const { keyId } of [claimed, unclaimed]) assert.equal(await other.keys.remove(keyId), true);
    await insert({ ...claimed, receiptDueAt: at(2) }, { ...unclaimed, receiptDueAt: at(3) });
    assert.deepEqual(await one.keys.due(at(1), 1000, at(60)), []);
    assert.deepEqual(await one.keys.due(at(2), 1000, at(60)), [claimed.keyId]);
    assert.deepEqual(await other.keys.due(at(3), 1000, at(60)), [unclaimed.keyId]);

    assert.equal(await other.keys.remove(claimed.keyId), true);
    const { receiptDueAt: _, ...dateless } = claimed;
    await insert(dateless);
    assert.deepEqual(await one.keys.due(at(59), 1000, at(60)), []);
  }),

  dueCase('registering a key that is already registered does not change its due date', async (one, other, insert) => {
    const [key, dateless] = [dueKey(10), newKey()];
    await insert(key, dateless);
    for (const { keyId } of [key, dateless]) assert.equal(await other.keys.insert(dueKey(-1, { keyId })), false);
    assert.deepEqual(await one.keys.due(at(0), 1000, at(60)), []);
    assert.deepEqual(await other.keys.due(at(10), 1000, at(60)), [key.keyId]);
  }),

  dueCase('each key is claimed by only one of two hundred concurrent calls', async (one, other, insert) => {
    const keys = Array.from({ length: 300 }, (_, index) => dueKey(-1 - index));
    await insert(...keys);
    const pages = await atOnce(one, other, (stores) => stores.keys.due(at(0), 3, at(5)));
    for (const page of pages) assert.ok(page.length <= 3, 'due returned more keys than the limit');
    const claimed = [...pages.flat(), ...(await claimAll(one, at(0), at(5)))];
    assert.equal(claimed.length, 300);
    assert.deepEqual(new Set(claimed), new Set(ids(keys)));
    assert.ok(pages.flat().length > 0, 'none of the calls claimed a key');
  }),

  dueCase(
    'each key is claimed only once, even if saveReceipt is called at the same time',
    async (one, other, insert) => {
      const keys = Array.from({ length: 60 }, (_, index) => dueKey(-1 - index));
      await insert(...keys);
      const claimed: string[] = [];
      await atOnce(one, other, async (stores) => {
        for (const keyId of await stores.keys.due(at(0), 2, at(5))) {
          claimed.push(keyId);
          await stores.keys.saveReceipt(keyId, { receiptDueAt: at(100), riskMetric: 1 });
        }
      });
      for (const keyId of await one.keys.due(at(0), 1000, at(5))) claimed.push(keyId);
      assert.equal(claimed.length, 60);
      assert.deepEqual(new Set(claimed), new Set(ids(keys)));
    },
  ),
];
