import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import type { NewKey } from '../server/stored-key.js';
import { accepted, atOnce } from './concurrency.js';
import { newKey } from './new-key.js';
import { newUser } from './new-user.js';
import type { Requirement } from './requirement.js';
import { assertKey, listedIds, sorted } from './stored-key-assertions.js';

function newKeys(count: number, changes: Partial<NewKey> = {}): NewKey[] {
  return Array.from({ length: count }, () => newKey({ receipt: Uint8Array.of(1), ...changes }));
}

/**
 * Returns text of 1024 UTF-16 code units, which are 3072 bytes in UTF-8. Random text cannot be compressed, so it is too long
 * for an entry of a B-tree index in PostgreSQL.
 */
function longText(): string {
  return Array.from({ length: 1024 }, () => String.fromCharCode(0x4e00 + randomInt(0x5000))).join('');
}

export const USER_CASES: readonly Requirement[] = [
  {
    name: 'a key without a user can be bound to only one user',
    async check(one, other) {
      const [alice, bob, key] = [newUser(), newUser(), newKey()];
      await one.keys.insert(key);
      assert.equal(await one.keys.advance(key.keyId, 3, 0), true);
      assert.equal(await other.keys.bind(key.keyId, alice), true);
      assertKey(await one.keys.find(key.keyId), { ...key, counter: 3, subject: alice });
      assert.equal(await one.keys.bind(key.keyId, bob), false);
      assert.equal(await one.keys.bind(key.keyId, alice.toUpperCase()), false);
      assert.equal(await one.keys.bind(key.keyId, alice), true);
      assertKey(await other.keys.find(key.keyId), { ...key, counter: 3, subject: alice });
      assert.deepEqual(await listedIds(other, alice), [key.keyId]);
      assert.deepEqual(await listedIds(one, bob), []);
      assert.equal(await other.keys.advance(key.keyId, 3, 64), false);
      assert.equal(await other.keys.advance(key.keyId, 4, 0), true);
    },
  },
  {
    name: 'a key that belongs to another user, is revoked or does not exist cannot be bound',
    async check(one, other) {
      const [alice, bob] = [newUser(), newUser()];
      const [registered, revoked, absent] = [newKey({ subject: alice }), newKey(), newKey()];
      const revokedAt = new Date('2026-09-02T00:00:00.001Z');
      for (const key of [registered, revoked]) await one.keys.insert(key);
      await one.keys.revoke(revoked.keyId, revokedAt);

      assert.equal(await other.keys.bind(registered.keyId, bob), false);
      assert.equal(await other.keys.bind(registered.keyId, alice), true);
      assertKey(await one.keys.find(registered.keyId), registered);
      assert.equal(await other.keys.bind(revoked.keyId, bob), false);
      assertKey(await one.keys.find(revoked.keyId), { ...revoked, revokedAt });
      assert.equal(await other.keys.bind(absent.keyId, bob), false);
      assert.ok(!(await one.keys.find(absent.keyId)));
      assert.deepEqual(await listedIds(one, bob), []);

      await one.keys.revoke(registered.keyId, revokedAt);
      assert.equal(await other.keys.bind(registered.keyId, alice), false);
    },
  },
  {
    name: 'if a key is bound to many users concurrently, it belongs to exactly one of them',
    async check(one, other) {
      const key = newKey();
      await one.keys.insert(key);
      const users = Array.from({ length: 200 }, newUser);
      const results = await Promise.all(
        users.map((user, index) => (index % 2 === 0 ? one : other).keys.bind(key.keyId, user)),
      );
      assert.equal(accepted(results), 1);
      const winner = users[results.indexOf(true)] ?? '';
      assertKey(await one.keys.find(key.keyId), { ...key, subject: winner });
      for (const user of users) {
        assert.deepEqual(await listedIds(other, user), user === winner ? [key.keyId] : []);
      }
    },
  },
  {
    name: 'if a key is bound to one user many times concurrently, it is listed once',
    async check(one, other) {
      const [user, key] = [newUser(), newKey()];
      await one.keys.insert(key);
      const results = await atOnce(one, other, ({ keys }) => keys.bind(key.keyId, user));
      assert.equal(accepted(results), results.length);
      assert.deepEqual(await listedIds(one, user), [key.keyId]);
    },
  },
  {
    name: 'if bind and advance are called concurrently, neither the user nor a counter is lost',
    async check(one, other) {
      const [user, key] = [newUser(), newKey()];
      await one.keys.insert(key);
      const results = await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          index % 2 === 0 ? one.keys.advance(key.keyId, 1 + index / 2, 64) : other.keys.bind(key.keyId, user),
        ),
      );
      assert.equal(accepted(results), 100);
      assertKey(await one.keys.find(key.keyId), { ...key, counter: 50, subject: user });
    },
  },
  {
    name: 'the keys of a user are listed in pages, in the order of their identifiers, including revoked keys',
    async check(one, other) {
      const [user, revokedAt] = [newUser(), new Date('2026-09-02T00:00:00.001Z')];
      const keys = newKeys(25, { subject: user });
      const others = [...newKeys(5, { subject: newUser() }), ...newKeys(5)];
      for (const key of [...keys, ...others]) await one.keys.insert(key);
      const [first, second] = keys;
      if (first && second) {
        await one.keys.revoke(first.keyId, revokedAt);
        first.revokedAt = revokedAt;
        await one.keys.advance(second.keyId, 7, 0);
        second.counter = 7;
      }
      const expected = sorted(keys.map(({ keyId }) => keyId));
      const byId = new Map(keys.map((key) => [key.keyId, key]));

      for (const limit of [1, 10, 25, 1000]) {
        const listed: string[] = [];
        for (let more = true; more; ) {
          const page = await other.keys.list(user, { limit, after: listed.at(-1) });
          for (const key of page) assertKey(key, byId.get(key.keyId) ?? key);
          assert.equal(page.length, Math.min(limit, 25 - listed.length), `limit ${limit}`);
          listed.push(...page.map(({ keyId }) => keyId));
          more = page.length > 0;
        }
        assert.deepEqual(listed, expected, `limit ${limit}`);
      }
    },
  },
  {
    name: 'users with similar names are different users, and each user has only its own keys',
    async check(one, other) {
      const prefix = newUser();
      const endings = ['', ' ', '\n', ':', '%', '_', '*', '?', '[a-z]', '{}', '\\', `"';-- $1 %s`, 'null', 'a', 'A'];
      // A database that ignores differences in case, accents or Unicode normalization treats some of these words as equal.
      const words = ['grüße', 'grüsse', 'GRÜSSE', 'gru\u0308ße', 'gruße', '🔑', '🔐', '\u{1f511}\u200d'];
      const users = [...endings, ...words].map((ending) => prefix + ending);
      users.push(` ${prefix}`, prefix.padEnd(1024, 'x'), prefix.padEnd(1023, 'x'), longText());
      const keys = users.map((subject) => newKey({ subject, receipt: Uint8Array.of(1) }));
      for (const key of keys) assert.equal(await one.keys.insert(key), true);
      for (const key of keys) {
        assert.deepEqual(await listedIds(other, key.subject ?? ''), [key.keyId], key.subject);
        assertKey(await other.keys.find(key.keyId), key);
      }
      for (const user of [`${prefix}$`, newUser()]) assert.deepEqual(await listedIds(one, user), []);
    },
  },
  {
    name: 'while keys are added and removed, each remaining key is on exactly one page',
    async check(one, other) {
      const user = newUser();
      const [staying, leaving] = [newKeys(40, { subject: user }), newKeys(20, { subject: user })];
      for (const key of [...staying, ...leaving]) await one.keys.insert(key);
      const stayingIds = sorted(staying.map(({ keyId }) => keyId));
      const leavingIds = new Set(leaving.map(({ keyId }) => keyId));

      const listed: string[] = [];
      for (let more = true; more; ) {
        const page = await other.keys.list(user, { limit: 7, after: listed.at(-1) });
        listed.push(...page.map(({ keyId }) => keyId));
        assert.equal(new Set(listed).size, listed.length, 'a key is on two pages');
        more = page.length > 0;
        // Removes the last key of the page if it is a leaving key, and one other leaving key. Then adds keys with random
        // identifiers.
        const last = page.at(-1)?.keyId ?? '';
        const [another] = leavingIds;
        for (const keyId of [leavingIds.has(last) ? last : undefined, another]) {
          if (keyId !== undefined && leavingIds.delete(keyId)) assert.equal(await one.keys.remove(keyId), true);
        }
        if (listed.length < 60) for (const key of newKeys(2, { subject: user })) await one.keys.insert(key);
      }
      assert.deepEqual(
        listed.filter((keyId) => stayingIds.includes(keyId)),
        stayingIds,
      );
      assert.deepEqual(listed, sorted([...new Set(listed)]));
    },
  },
  {
    name: 'a page may begin after a key that was removed or never existed',
    async check(one, other) {
      const user = newUser();
      const keys = newKeys(10, { subject: user });
      for (const key of keys) await one.keys.insert(key);
      const ids = sorted(keys.map(({ keyId }) => keyId));
      const [removed = ''] = ids.splice(4, 1);
      await one.keys.remove(removed);
      for (const after of [removed, newKey().keyId]) {
        const page = await other.keys.list(user, { limit: 1000, after });
        assert.deepEqual(
          page.map(({ keyId }) => keyId),
          ids.filter((keyId) => Buffer.compare(Buffer.from(keyId), Buffer.from(after)) > 0),
        );
      }
    },
  },
  {
    name: 'after two hundred keys are registered concurrently for one user, two hundred concurrent calls of list return correct pages',
    async check(one, other) {
      const user = newUser();
      const keys = newKeys(200, { subject: user });
      const results = await Promise.all(keys.map((key, index) => (index % 2 === 0 ? one : other).keys.insert(key)));
      assert.equal(accepted(results), 200);
      const ids = sorted(keys.map(({ keyId }) => keyId));
      for (const stores of [one, other]) assert.deepEqual(await listedIds(stores, user), ids);
      const pages = await Promise.all(
        ids.map((after, index) => (index % 2 === 0 ? one : other).keys.list(user, { limit: 5, after })),
      );
      for (const [index, page] of pages.entries()) {
        assert.deepEqual(
          page.map(({ keyId }) => keyId),
          ids.slice(index + 1, index + 6),
        );
      }
    },
  },
  {
    name: 'a registered key that is inserted again for another user is listed only for its own user',
    async check(one, other) {
      const [alice, bob, key] = [newUser(), newUser(), newKey()];
      await one.keys.insert({ ...key, subject: alice });
      const results = await atOnce(one, other, ({ keys }) => keys.insert({ ...key, subject: bob }));
      assert.equal(accepted(results), 0);
      assert.deepEqual(await listedIds(one, bob), []);
      assert.deepEqual(await listedIds(other, alice), [key.keyId]);
    },
  },
];
