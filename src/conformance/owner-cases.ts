import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import type { KeyStore } from '../server/key-store.js';
import type { Stores } from '../server/stores.js';
import { accepted, otherCase } from './concurrency.js';
import { newKey } from './new-key.js';
import { newUser } from './new-user.js';
import type { Requirement } from './requirement.js';
import { assertKey, assertReceipt, listedIds } from './stored-key-assertions.js';

const REVOKED_AT = new Date('2026-09-02T00:00:00.001Z');

/** Changes a key if it belongs to the given user. Returns whether the key was changed. */
type Change = (keys: KeyStore, keyId: string, subject: string) => Promise<boolean>;

const revoke: Change = (keys, keyId, subject) => keys.revoke(keyId, REVOKED_AT, subject);
const remove: Change = (keys, keyId, subject) => keys.remove(keyId, subject);

/** Checks that a change for one user does not affect keys of other users or keys without a user. */
async function assertOthersKeep(one: Stores, other: Stores, change: Change): Promise<void> {
  const [alice, bob] = [newUser(), newUser()];
  const [ofAlice, ofNone] = [newKey({ subject: alice }), newKey()];
  for (const key of [ofAlice, ofNone]) await one.keys.insert(key);
  for (const user of [bob, otherCase(alice), `${alice} `, alice.slice(0, -1), '']) {
    for (const { keyId } of [ofAlice, ofNone]) assert.equal(await change(other.keys, keyId, user), false, user);
  }
  assert.equal(await change(other.keys, ofNone.keyId, alice), false);
  assert.equal(await change(other.keys, newKey().keyId, alice), false);
  for (const key of [ofAlice, ofNone]) {
    assertKey(await one.keys.find(key.keyId), key);
    assertReceipt(await one.keys.receipt(key.keyId), key.receipt);
  }
  assert.deepEqual(await listedIds(one, alice), [ofAlice.keyId]);
}

/**
 * Calls `change` two hundred times for Alice on one server. Until these calls end, another server repeatedly removes
 * the key and registers it, alternately for Bob and for Alice. No call may change the key while it belongs to Bob.
 */
async function assertNextUserKeeps(calling: Stores, passing: Stores, change: Change): Promise<void> {
  const ofAlice = newKey({ subject: newUser(), receipt: Uint8Array.of(1) });
  const ofBob = newKey({ keyId: ofAlice.keyId, subject: newUser(), receipt: Uint8Array.of(2) });
  const { keyId, subject: alice = '' } = ofAlice;
  let removedByCalls = 0;
  const passToBob = async () => {
    if (!(await passing.keys.remove(keyId))) removedByCalls += 1;
    assert.equal(await passing.keys.insert(ofBob), true);
    await setImmediate();
    assertKey(await passing.keys.find(keyId), ofBob);
  };
  const passToAlice = async () => {
    assert.equal(await passing.keys.remove(keyId), true);
    assert.equal(await passing.keys.insert(ofAlice), true);
  };

  await passing.keys.insert(ofAlice);
  let hasEnded = false;
  const calls = Promise.all(Array.from({ length: 200 }, () => change(calling.keys, keyId, alice))).finally(() => {
    hasEnded = true;
  });
  const passes = async () => {
    await passToBob();
    while (!hasEnded) {
      await passToAlice();
      await passToBob();
    }
  };
  const [results] = await Promise.all([calls, passes()]);
  if (change === remove) assert.equal(accepted(results), removedByCalls);
  assertKey(await calling.keys.find(keyId), ofBob);
  assert.deepEqual(await listedIds(calling, ofBob.subject ?? ''), [keyId]);
  assert.deepEqual(await listedIds(calling, alice), []);
}

export const OWNER_CASES: readonly Requirement[] = [
  {
    name: 'a revocation for a user revokes no key of another user, and no key without a user',
    check: (one, other) => assertOthersKeep(one, other, revoke),
  },
  {
    name: 'a removal for a user removes no key of another user, and no key without a user',
    check: (one, other) => assertOthersKeep(one, other, remove),
  },
  {
    name: 'a key can be revoked and removed for its own user, whether it was registered for this user or bound to this user',
    async check(one, other) {
      const [alice, bob] = [newUser(), newUser()];
      const [registered, bound] = [newKey({ subject: alice }), newKey()];
      for (const key of [registered, bound]) await one.keys.insert(key);
      assert.equal(await one.keys.bind(bound.keyId, alice), true);
      for (const key of [registered, bound]) {
        const { keyId } = key;
        const revoked = { ...key, subject: alice, revokedAt: REVOKED_AT };
        assert.equal(await other.keys.revoke(keyId, REVOKED_AT, alice), true);
        assertKey(await one.keys.find(keyId), revoked);
        assert.equal(await one.keys.revoke(keyId, new Date(0), alice), true);
        assert.equal(await one.keys.revoke(keyId, new Date(0), bob), false);
        assert.equal(await one.keys.remove(keyId, bob), false);
        assertKey(await other.keys.find(keyId), revoked);
        assert.equal(await one.keys.remove(keyId, alice), true);
        assert.ok(!(await other.keys.find(keyId)));
        assert.ok(!(await other.keys.receipt(keyId)));
        assert.equal(await other.keys.remove(keyId, alice), false);
        assert.equal(await other.keys.revoke(keyId, REVOKED_AT, alice), false);
      }
      assert.deepEqual(await listedIds(other, alice), []);
    },
  },
  {
    name: 'two hundred concurrent revocations for a user do not revoke a key while it belongs to another user',
    async check(one, other) {
      await assertNextUserKeeps(one, other, revoke);
      await assertNextUserKeeps(other, one, revoke);
    },
  },
  {
    name: 'two hundred concurrent removals for a user do not remove a key while it belongs to another user',
    async check(one, other) {
      await assertNextUserKeeps(one, other, remove);
      await assertNextUserKeeps(other, one, remove);
    },
  },
];
