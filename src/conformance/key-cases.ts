import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { accepted, atOnce, otherCase } from './concurrency.js';
import { newKey } from './new-key.js';
import { newUser } from './new-user.js';
import type { Requirement } from './requirement.js';
import { assertKey } from './stored-key-assertions.js';

export const KEY_CASES: readonly Requirement[] = [
  {
    name: 'a server finds a key that another server registered, with all its properties',
    async check(one, other) {
      const keys = [
        newKey(),
        newKey({
          appClipId: 'TEAMID1234.com.example.app.Clip',
          environment: 'development',
          subject: `grüße 🔑 "';--\\ \n%s $1 {}`,
          device: { platform: 'iphoneos', osVersion: '27.0', osBuild: '24A325b', deviceClass: 0xffff_ffff },
          extensions: {
            validationCategory: 0xffff_ffff,
            bundleVersion: '1.0 \u{1f511}',
            codeDirectoryHash: new Uint8Array(randomBytes(32)),
          },
          createdAt: new Date('2026-09-01T12:34:56.789Z'),
          lastUsedAt: new Date('2026-09-02T01:02:03.004Z'),
          riskMetric: 0xffff_ffff,
          receiptDueAt: new Date('2099-09-02T01:02:03.004Z'),
        }),
        newKey({ riskMetric: 0, device: { osVersion: '14.4' }, extensions: { validationCategory: 0 } }),
      ];
      for (const key of keys) {
        assert.equal(await one.keys.insert(key), true);
        assertKey(await other.keys.find(key.keyId), key);
      }
    },
  },
  {
    name: 'a key is found only by exactly the same identifier, so upper-case and lower-case letters differ',
    async check(one, other) {
      const key = newKey();
      assert.ok(!(await one.keys.find(key.keyId)));
      assert.equal(await one.keys.insert(key), true);
      const similar = { ...key, keyId: otherCase(key.keyId), subject: 'another' };
      assert.ok(!(await other.keys.find(similar.keyId)));
      assert.equal(await other.keys.insert(similar), true);
      assertKey(await one.keys.find(key.keyId), key);
      assertKey(await one.keys.find(similar.keyId), similar);
    },
  },
  {
    name: 'a key is registered once, and the first registration stays unchanged',
    async check(one, other) {
      const key = newKey({ subject: 'first' });
      assert.equal(await one.keys.insert(key), true);
      assert.equal(await one.keys.advance(key.keyId, 3, 0), true);
      assert.equal(await other.keys.insert({ ...newKey({ subject: 'second' }), keyId: key.keyId }), false);
      assertKey(await other.keys.find(key.keyId), { ...key, counter: 3 });
    },
  },
  {
    name: 'of many concurrent registrations of a key, only one succeeds',
    async check(one, other) {
      for (let round = 0; round < 5; round += 1) {
        const key = newKey();
        assert.equal(accepted(await atOnce(one, other, ({ keys }) => keys.insert(key))), 1);
      }
    },
  },
  {
    name: 'changing an object that was inserted or found does not change the stored key',
    async check(one) {
      const receipt = Uint8Array.of(1, 2, 3);
      const key = newKey({ receipt });
      const original = structuredClone(key);
      await one.keys.insert(key);
      key.subject = 'changed';
      receipt.fill(9);
      const found = await one.keys.find(key.keyId);
      assertKey(found, original);
      if (found) {
        found.counter = 99;
        found.device.platform = 'changed';
      }
      assertKey(await one.keys.find(key.keyId), original);
    },
  },
  {
    name: 'a revoked key is found with its revocation date, its counters are rejected, and it cannot be registered again',
    async check(one, other) {
      const key = newKey();
      const revokedAt = new Date('2026-09-02T00:00:00.001Z');
      await one.keys.insert(key);
      assert.equal(await one.keys.advance(key.keyId, 1, 0), true);
      assert.equal(await one.keys.revoke(key.keyId, revokedAt), true);
      assertKey(await other.keys.find(key.keyId), { ...key, counter: 1, revokedAt });
      assert.equal(await other.keys.advance(key.keyId, 2, 0), false);
      assert.equal(await other.keys.advance(key.keyId, 3, 64), false);
      assert.equal(await other.keys.insert(key), false);
      assertKey(await other.keys.find(key.keyId), { ...key, counter: 1, revokedAt });
    },
  },
  {
    name: 'a key that is inserted with a revocation date stays revoked',
    async check(one, other) {
      const revokedAt = new Date('2026-09-02T00:00:00.001Z');
      const [ofUser, ofNone] = [newKey({ subject: newUser(), counter: 5, revokedAt }), newKey({ revokedAt })];
      for (const key of [ofUser, ofNone]) {
        assert.equal(await one.keys.insert(key), true);
        assertKey(await other.keys.find(key.keyId), key);
        assert.equal(await other.keys.advance(key.keyId, 6, 64, { usedAt: new Date() }), false);
        assert.equal(await other.keys.bind(key.keyId, 'another'), false);
        const { revokedAt: _, ...valid } = key;
        assert.equal(await one.keys.insert(valid), false);
        assert.equal(await other.keys.revoke(key.keyId, new Date(0)), true);
        assertKey(await one.keys.find(key.keyId), key);
      }
      const [listed, ...others] = await other.keys.list(ofUser.subject ?? '', { limit: 1000 });
      assertKey(listed, ofUser);
      assert.deepEqual(others, []);
    },
  },
  {
    name: 'a key that is revoked twice keeps its first revocation date, and a key that does not exist cannot be revoked',
    async check(one, other) {
      const key = newKey();
      await one.keys.insert(key);
      const before = Date.now() - 1000;
      assert.equal(await one.keys.revoke(key.keyId), true);
      const revokedAt = (await one.keys.find(key.keyId))?.revokedAt;
      assert.ok(revokedAt instanceof Date && revokedAt.getTime() > before);
      assert.equal(await other.keys.revoke(key.keyId, new Date(0)), true);
      assert.deepEqual((await one.keys.find(key.keyId))?.revokedAt, revokedAt);

      const absent = newKey();
      assert.equal(await one.keys.revoke(absent.keyId), false);
      assert.ok(!(await one.keys.find(absent.keyId)));
      assert.equal(await one.keys.insert(absent), true);
    },
  },
  {
    name: 'after two hundred concurrent revocations, a key has the date of one revocation, and this date does not change',
    async check(one, other) {
      const key = newKey();
      await one.keys.insert(key);
      const dates = Array.from({ length: 200 }, (_, index) => new Date(Date.UTC(2026, 8, 2, 0, 0, 0, index)));
      const results = await Promise.all(
        dates.map((date, index) => (index % 2 === 0 ? one : other).keys.revoke(key.keyId, date)),
      );
      assert.equal(accepted(results), 200);
      const revokedAt = (await one.keys.find(key.keyId))?.revokedAt;
      assert.ok(dates.some((date) => date.getTime() === revokedAt?.getTime()));
      assert.equal(await other.keys.revoke(key.keyId, new Date(0)), true);
      assert.deepEqual((await other.keys.find(key.keyId))?.revokedAt, revokedAt);
    },
  },
];
