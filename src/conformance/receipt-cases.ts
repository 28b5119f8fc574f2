import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { accepted, atOnce } from './concurrency.js';
import { newKey } from './new-key.js';
import type { Requirement } from './requirement.js';
import { assertKey, assertReceipt } from './stored-key-assertions.js';

const NEXT_YEARS = [new Date('2098-01-01T12:34:56.789Z'), new Date('2099-01-01T00:00:00.001Z')] as const;

export const RECEIPT_CASES: readonly Requirement[] = [
  {
    name: 'a server reads exactly the receipt bytes that another server stored',
    async check(one, other) {
      const receipts = [
        Uint8Array.from({ length: 256 }, (_, index) => index),
        new Uint8Array(randomBytes(65_536)),
        new TextEncoder().encode('UTF-8: \u00ff'),
      ];
      for (const receipt of receipts) {
        const key = newKey({ receipt });
        await one.keys.insert(key);
        assertReceipt(await other.keys.receipt(key.keyId), receipt);
        await other.keys.revoke(key.keyId);
        assertReceipt(await one.keys.receipt(key.keyId), receipt);
      }
      const { receipt: _, ...without } = newKey();
      await one.keys.insert(without);
      for (const keyId of [without.keyId, newKey().keyId]) assert.ok(!(await other.keys.receipt(keyId)));
    },
  },
  {
    name: 'a refreshed receipt replaces the stored receipt, and values that a refresh omits stay unchanged',
    async check(one, other) {
      const key = newKey({ subject: 'user', extensions: { bundleVersion: '1' } });
      const [soon, later] = NEXT_YEARS;
      await one.keys.insert(key);
      assert.equal(await one.keys.advance(key.keyId, 5, 0), true);
      const stored = { ...key, counter: 5 };

      assert.equal(await one.keys.saveReceipt(key.keyId, { receiptDueAt: soon }), true);
      assertKey(await other.keys.find(key.keyId), { ...stored, receiptDueAt: soon });
      assertReceipt(await other.keys.receipt(key.keyId), key.receipt);

      const receipt = new Uint8Array(randomBytes(5000));
      assert.equal(await other.keys.saveReceipt(key.keyId, { receipt, riskMetric: 0, receiptDueAt: later }), true);
      assertKey(await one.keys.find(key.keyId), { ...stored, riskMetric: 0, receiptDueAt: later });
      assertReceipt(await one.keys.receipt(key.keyId), receipt);

      assert.equal(await one.keys.saveReceipt(key.keyId, { riskMetric: 4_294_967_295, receiptDueAt: soon }), true);
      assertKey(await other.keys.find(key.keyId), { ...stored, riskMetric: 4_294_967_295, receiptDueAt: soon });
      assert.equal(await one.keys.saveReceipt(key.keyId, { receiptDueAt: null }), true);
      assertKey(await other.keys.find(key.keyId), { ...stored, riskMetric: 4_294_967_295 });
      assertReceipt(await other.keys.receipt(key.keyId), receipt);
      assert.equal(await other.keys.advance(key.keyId, 5, 64), false);
      assert.equal(await other.keys.advance(key.keyId, 6, 0), true);
    },
  },
  {
    name: 'a receipt is stored for a revoked key, but not for a key that does not exist',
    async check(one, other) {
      const [key, absent, revokedAt] = [newKey(), newKey(), new Date('2026-09-02T00:00:00.001Z')];
      const update = { receipt: Uint8Array.of(1, 2, 3), riskMetric: 2, receiptDueAt: NEXT_YEARS[0] };
      await one.keys.insert(key);
      await one.keys.revoke(key.keyId, revokedAt);
      assert.equal(await other.keys.saveReceipt(key.keyId, update), true);
      assertReceipt(await one.keys.receipt(key.keyId), update.receipt);
      const { riskMetric, receiptDueAt } = update;
      assertKey(await one.keys.find(key.keyId), { ...key, revokedAt, riskMetric, receiptDueAt });

      assert.equal(await other.keys.saveReceipt(absent.keyId, update), false);
      assert.ok(!(await one.keys.find(absent.keyId)));
      assert.ok(!(await one.keys.receipt(absent.keyId)));
      assert.equal(await one.keys.insert(absent), true);
    },
  },
  {
    name: 'changing a receipt that was inserted, saved or read does not change the stored receipt',
    async check(one) {
      const receipt = Uint8Array.of(1, 2, 3);
      const key = newKey({ receipt });
      await one.keys.insert(key);
      receipt.fill(9);
      assertReceipt(await one.keys.receipt(key.keyId), Uint8Array.of(1, 2, 3));

      const update = { receipt: Uint8Array.of(4, 5, 6), receiptDueAt: new Date(NEXT_YEARS[0]) };
      await one.keys.saveReceipt(key.keyId, update);
      update.receipt.fill(9);
      update.receiptDueAt.setTime(0);
      (await one.keys.receipt(key.keyId))?.fill(9);
      assertReceipt(await one.keys.receipt(key.keyId), Uint8Array.of(4, 5, 6));
      assertKey(await one.keys.find(key.keyId), { ...key, receiptDueAt: NEXT_YEARS[0] });
    },
  },
  {
    name: 'after two hundred concurrent calls of saveReceipt, the key has all values of one call',
    async check(one, other) {
      const key = newKey();
      await one.keys.insert(key);
      const updates = Array.from({ length: 200 }, (_, index) => ({
        receipt: new Uint8Array(randomBytes(100)),
        riskMetric: index,
        receiptDueAt: new Date(NEXT_YEARS[0].getTime() + index),
      }));
      const results = await Promise.all(
        updates.map((update, index) => (index % 2 === 0 ? one : other).keys.saveReceipt(key.keyId, update)),
      );
      assert.equal(accepted(results), 200);
      const found = await other.keys.find(key.keyId);
      const update = updates[found?.riskMetric ?? -1];
      assert.ok(update, 'the stored risk metric is not from one of the calls');
      const { receipt, ...rest } = update;
      assertKey(found, { ...key, ...rest });
      assertReceipt(await one.keys.receipt(key.keyId), receipt);
      for (const read of await atOnce(one, other, ({ keys }) => keys.receipt(key.keyId))) assertReceipt(read, receipt);
    },
  },
  {
    name: 'if saveReceipt and advance are called concurrently, neither the receipt data nor a counter is lost',
    async check(one, other) {
      const [key, [receiptDueAt]] = [newKey(), NEXT_YEARS];
      await one.keys.insert(key);
      const results = await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          index % 2 === 0
            ? one.keys.advance(key.keyId, 1 + index / 2, 64)
            : other.keys.saveReceipt(key.keyId, { riskMetric: 1, receiptDueAt }),
        ),
      );
      assert.equal(accepted(results), 100);
      assertKey(await one.keys.find(key.keyId), { ...key, counter: 50, riskMetric: 1, receiptDueAt });
    },
  },
];
