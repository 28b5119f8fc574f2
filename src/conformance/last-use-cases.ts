import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { newKey } from './new-key.js';
import type { Requirement } from './requirement.js';
import { assertKey } from './stored-key-assertions.js';

const HOUR = 60 * 60 * 1000;
const MAX_WINDOW = 64;

/** Returns the `KeyUse` of a request without extensions. The request arrived this number of milliseconds after noon. */
function used(milliseconds: number) {
  return { usedAt: new Date(Date.UTC(2026, 8, 1, 12, 0, 0, 0) + milliseconds) };
}

export const LAST_USE_CASES: readonly Requirement[] = [
  {
    name: 'the time of the last use is updated at most once an hour, and never becomes earlier',
    async check(one, other) {
      const key = newKey();
      await one.keys.insert(key);
      const uses: readonly (readonly [at: number, lastUse: number])[] = [
        [7, 7],
        [7 + HOUR - 1, 7],
        [7 - 10 * HOUR, 7],
        [7 + HOUR, 7 + HOUR],
        [7 + HOUR - 1, 7 + HOUR],
        [7 + 9 * HOUR, 7 + 9 * HOUR],
        [7, 7 + 9 * HOUR],
      ];
      let counter = 0;
      for (const [at, lastUse] of uses) {
        counter += 1;
        assert.equal(await other.keys.advance(key.keyId, counter, 0, used(at)), true);
        assertKey(await one.keys.find(key.keyId), { ...key, counter, lastUsedAt: used(lastUse).usedAt });
      }
    },
  },
  {
    name: 'an accepted counter below the highest counter also updates the time of the last use',
    async check(one, other) {
      const key = newKey();
      await one.keys.insert(key);
      assert.equal(await one.keys.advance(key.keyId, 10, MAX_WINDOW, used(0)), true);
      assert.equal(await other.keys.advance(key.keyId, 4, MAX_WINDOW, used(2 * HOUR)), true);
      assertKey(await one.keys.find(key.keyId), { ...key, counter: 10, lastUsedAt: used(2 * HOUR).usedAt });
    },
  },
  {
    name: 'the time of the last use does not change if the counter is rejected, the key is revoked or use is undefined',
    async check(one, other) {
      const key = newKey();
      const extensions = { bundleVersion: 'rejected' };
      await one.keys.insert(key);
      assert.equal(await one.keys.advance(key.keyId, 100, MAX_WINDOW), true);
      for (const counter of [100, 35, 0]) {
        assert.equal(await other.keys.advance(key.keyId, counter, MAX_WINDOW, { ...used(0), extensions }), false);
      }
      assertKey(await one.keys.find(key.keyId), { ...key, counter: 100 });

      assert.equal(await one.keys.advance(key.keyId, 101, 0, used(0)), true);
      assert.equal(await one.keys.advance(key.keyId, 102, 0), true);
      const revokedAt = used(HOUR).usedAt;
      await one.keys.revoke(key.keyId, revokedAt);
      assert.equal(await other.keys.advance(key.keyId, 103, 0, { ...used(9 * HOUR), extensions }), false);
      assertKey(await other.keys.find(key.keyId), { ...key, counter: 102, lastUsedAt: used(0).usedAt, revokedAt });

      const absent = newKey();
      assert.equal(await one.keys.advance(absent.keyId, 1, 0, { ...used(0), extensions }), false);
      assert.ok(!(await other.keys.find(absent.keyId)));
    },
  },
  {
    name: 'after two hundred concurrent requests, the time of the last use is less than an hour before the latest accepted request',
    async check(one, other) {
      const key = newKey();
      await one.keys.insert(key);
      // Each counter is sent several times, with different dates. Only the date of the accepted call counts.
      const calls = Array.from({ length: 200 }, (_, index) => ({
        counter: 1 + (index % 60),
        usedAt: used(randomInt(48 * HOUR)).usedAt,
      }));
      const results = await Promise.all(
        calls.map(({ counter, usedAt }, index) =>
          (index % 2 === 0 ? one : other).keys.advance(key.keyId, counter, MAX_WINDOW, { usedAt }),
        ),
      );
      const accepted = calls.filter((_, index) => results[index]).map(({ usedAt }) => usedAt.getTime());
      const lastUse = (await one.keys.find(key.keyId))?.lastUsedAt?.getTime() ?? Number.NaN;
      assert.ok(accepted.includes(lastUse), 'the last use is not the time of an accepted request');
      assert.ok(
        Math.max(...accepted) - lastUse < HOUR,
        'a request at least an hour later was accepted, but its time was not stored',
      );
    },
  },
  {
    name: 'a key without extensions gets the extensions of the first accepted request with extensions, and keeps them',
    async check(one, other) {
      const key = newKey();
      await one.keys.insert(key);
      const extensions = { validationCategory: 4, codeDirectoryHash: Uint8Array.of(1, 2, 3) };
      const lastUsedAt = used(0).usedAt;
      assert.equal(await one.keys.advance(key.keyId, 10, MAX_WINDOW, used(0)), true);
      assertKey(await other.keys.find(key.keyId), { ...key, counter: 10, lastUsedAt });
      assert.equal(await one.keys.advance(key.keyId, 5, MAX_WINDOW, { ...used(1), extensions }), true);
      assertKey(await other.keys.find(key.keyId), { ...key, counter: 10, lastUsedAt, extensions });
      const others = { validationCategory: 0, bundleVersion: '2' };
      assert.equal(await other.keys.advance(key.keyId, 11, 0, { ...used(2), extensions: others }), true);
      assert.equal(await other.keys.advance(key.keyId, 12, 0, used(3)), true);
      assertKey(await one.keys.find(key.keyId), { ...key, counter: 12, lastUsedAt, extensions });
    },
  },
  {
    name: 'a key that was registered with extensions keeps them',
    async check(one, other) {
      const key = newKey({ extensions: { bundleVersion: '1' } });
      await one.keys.insert(key);
      const use = { ...used(0), extensions: { bundleVersion: '2', validationCategory: 4 } };
      assert.equal(await one.keys.advance(key.keyId, 1, 0, use), true);
      assertKey(await other.keys.find(key.keyId), { ...key, counter: 1, lastUsedAt: use.usedAt });
    },
  },
  {
    name: 'if many concurrent requests have extensions, the key gets all extensions of exactly one request',
    async check(one, other) {
      const key = newKey();
      await one.keys.insert(key);
      const uses = Array.from({ length: 60 }, (_, index) => ({
        ...used(0),
        extensions: { validationCategory: index, bundleVersion: `${index}` },
      }));
      const results = await Promise.all(
        uses.map((use, index) => (index % 2 === 0 ? one : other).keys.advance(key.keyId, index + 1, MAX_WINDOW, use)),
      );
      assert.deepEqual(new Set(results), new Set([true]));
      const found = await one.keys.find(key.keyId);
      const extensions = uses[found?.extensions?.validationCategory ?? -1]?.extensions;
      assert.ok(extensions, 'the stored extensions are not from one of the requests');
      assertKey(found, { ...key, counter: 60, lastUsedAt: used(0).usedAt, extensions });
    },
  },
];
