import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { accepted, atOnce, otherCase } from './concurrency.js';
import { newKey } from './new-key.js';
import type { Requirement } from './requirement.js';
import { assertKey, assertReceipt, listedIds } from './stored-key-assertions.js';

export const REMOVAL_CASES: readonly Requirement[] = [
  {
    name: 'after a key is removed, no server finds the key or its receipt',
    async check(one, other) {
      const subject = randomBytes(9).toString('base64url');
      const key = newKey({ subject });
      await one.keys.insert(key);
      assert.equal(await other.keys.remove(otherCase(key.keyId)), false);
      assertKey(await one.keys.find(key.keyId), key);

      assert.equal(await one.keys.remove(key.keyId), true);
      for (const { keys } of [one, other]) {
        assert.ok(!(await keys.find(key.keyId)));
        assert.ok(!(await keys.receipt(key.keyId)));
        assert.deepEqual(await keys.list(subject, { limit: 1000 }), []);
        assert.equal(await keys.advance(key.keyId, 1, 64, { usedAt: new Date() }), false);
        assert.equal(await keys.revoke(key.keyId), false);
        assert.equal(await keys.bind(key.keyId, subject), false);
        assert.equal(await keys.saveReceipt(key.keyId, { receiptDueAt: null, receipt: Uint8Array.of(1) }), false);
        assert.equal(await keys.remove(key.keyId), false);
      }
      assert.ok(!(await one.keys.find(key.keyId)));
      assert.equal(await one.keys.remove(newKey().keyId), false);
    },
  },
  {
    name: 'a key that was removed can be registered again, as if it were new',
    async check(one, other) {
      const [alice, bob] = [randomBytes(9).toString('base64url'), randomBytes(9).toString('base64url')];
      const key = newKey({ subject: alice, receiptDueAt: new Date('2099-01-01T00:00:00Z') });
      const use = { usedAt: new Date(), extensions: { bundleVersion: '1' } };
      await one.keys.insert(key);
      assert.equal(await one.keys.advance(key.keyId, 9, 0, use), true);
      await one.keys.saveReceipt(key.keyId, { riskMetric: 3, receiptDueAt: new Date('2099-02-01T00:00:00Z') });
      await one.keys.revoke(key.keyId);
      assert.equal(await other.keys.remove(key.keyId), true);

      const again = newKey({ keyId: key.keyId, subject: bob });
      assert.equal(await one.keys.insert(again), true);
      assertKey(await other.keys.find(key.keyId), again);
      assertReceipt(await other.keys.receipt(key.keyId), again.receipt);
      assert.deepEqual(await listedIds(other, alice), []);
      assert.deepEqual(await listedIds(other, bob), [key.keyId]);
      assert.equal(await other.keys.advance(key.keyId, 1, 0), true);
      assert.equal(await one.keys.insert(key), false);

      assert.equal(await one.keys.remove(key.keyId), true);
      const { receipt: _, subject: __, ...bare } = key;
      assert.equal(await one.keys.insert(bare), true);
      assertKey(await other.keys.find(key.keyId), bare);
      assert.ok(!(await other.keys.receipt(key.keyId)));
      for (const user of [alice, bob]) assert.deepEqual(await listedIds(one, user), []);
    },
  },
  {
    name: 'if many concurrent calls remove a key, only one call succeeds',
    async check(one, other) {
      for (let round = 0; round < 5; round += 1) {
        const key = newKey();
        await one.keys.insert(key);
        assert.equal(accepted(await atOnce(one, other, ({ keys }) => keys.remove(key.keyId))), 1);
        assert.ok(!(await one.keys.find(key.keyId)));
      }
    },
  },
  {
    name: 'a key that is removed and registered again concurrently has the data of exactly one registration',
    async check(one, other) {
      const users = Array.from({ length: 4 }, () => randomBytes(9).toString('base64url'));
      const { keyId } = newKey();
      for (let round = 0; round < 5; round += 1) {
        const inserted = users.map((subject) => newKey({ keyId, subject, receipt: new Uint8Array(randomBytes(50)) }));
        let [inserts, removals] = [0, 0];
        await Promise.all(
          Array.from({ length: 40 }, async (_, index) => {
            const { keys } = index % 2 === 0 ? one : other;
            const key = inserted[index % 4];
            if (key && (await keys.insert(key))) inserts += 1;
            if (await keys.remove(keyId)) removals += 1;
            if (key && (await keys.insert(key))) inserts += 1;
          }),
        );
        const found = await one.keys.find(keyId);
        assert.equal(inserts - removals, found ? 1 : 0);
        const key = inserted.find(({ subject }) => subject === found?.subject);
        assert.ok(key, 'every caller ends with an insert, so the key must exist, but the store does not find the key');
        assertKey(found, key);
        assertReceipt(await other.keys.receipt(keyId), key.receipt);
        for (const user of users) {
          assert.deepEqual(await listedIds(other, user), user === found?.subject ? [keyId] : []);
        }
        assert.equal(await other.keys.remove(keyId), true);
        for (const user of users) assert.deepEqual(await listedIds(one, user), []);
      }
    },
  },
];
