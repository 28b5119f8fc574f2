import assert from 'node:assert/strict';
import type { KeyRegistration } from '../server/key-store.js';
import type { NewKey } from '../server/stored-key.js';
import type { Stores } from '../server/stores.js';
import { accepted, atOnce, otherCase } from './concurrency.js';
import { newKey } from './new-key.js';
import { newUser } from './new-user.js';
import type { Requirement } from './requirement.js';
import { assertKey } from './stored-key-assertions.js';

const CREATED_AT = new Date('2026-09-01T00:00:00.001Z');
const LATER = new Date(CREATED_AT.getTime() + 1);

/** Advances the counter of a key if the key has this registration. The call also stores a use. */
function advance({ keys }: Stores, keyId: string, counter: number, registration: KeyRegistration): Promise<boolean> {
  const use = { usedAt: new Date(), extensions: { bundleVersion: '1' } };
  return keys.advance(keyId, counter, 64, use, registration);
}

/**
 * Checks that `advance` accepts the registration of `key` and rejects the registrations in `wrong`. A rejected call
 * must change nothing.
 */
async function assertOnly(one: Stores, other: Stores, key: NewKey, wrong: readonly KeyRegistration[]): Promise<void> {
  for (const registration of wrong) {
    assert.equal(await advance(other, key.keyId, 7, registration), false, JSON.stringify(registration));
  }
  assertKey(await one.keys.find(key.keyId), key);
  assert.equal(await advance(other, key.keyId, 7, key), true);
  assert.equal((await one.keys.find(key.keyId))?.counter, 7);
}

export const REGISTRATION_CASES: readonly Requirement[] = [
  {
    name: 'if advance gets a registration, it accepts a counter only if the creation time matches, exact to the millisecond',
    async check(one, other) {
      for (const subject of [undefined, newUser()]) {
        const key = newKey({ createdAt: CREATED_AT, ...(subject !== undefined && { subject }) });
        await one.keys.insert(key);
        await assertOnly(one, other, key, [
          { createdAt: LATER, subject },
          { createdAt: new Date(CREATED_AT.getTime() - 1), subject },
        ]);
      }
    },
  },
  {
    name: 'if advance gets a registration, it accepts a counter only if the user matches',
    async check(one, other) {
      const [alice, bob] = [newUser(), newUser()];
      const [ofAlice, ofNone] = [newKey({ createdAt: CREATED_AT, subject: alice }), newKey({ createdAt: CREATED_AT })];
      for (const key of [ofAlice, ofNone]) await one.keys.insert(key);
      const wrong = [bob, otherCase(alice), `${alice} `].map((subject) => ({ createdAt: CREATED_AT, subject }));
      await assertOnly(one, other, ofAlice, [{ createdAt: CREATED_AT }, ...wrong]);
      await assertOnly(one, other, ofNone, [{ createdAt: CREATED_AT, subject: alice }, ...wrong]);
    },
  },
  {
    name: 'if advance gets an old registration, it rejects all counters after the key was bound, revoked, removed or registered again',
    async check(one, other) {
      const alice = newUser();
      const registered = () => newKey({ createdAt: CREATED_AT, receipt: Uint8Array.of(1) });
      const [bound, revoked, removed, again, passed] = [
        registered(),
        registered(),
        registered(),
        registered(),
        registered(),
      ];
      const all = [bound, revoked, removed, again, passed];
      for (const key of all) {
        await one.keys.insert(key);
        assert.equal(await advance(other, key.keyId, 1, key), true);
      }
      assert.equal(await one.keys.bind(bound.keyId, alice), true);
      await one.keys.revoke(revoked.keyId);
      for (const { keyId } of [removed, again, passed]) await one.keys.remove(keyId);
      await one.keys.insert({ ...again, createdAt: LATER });
      await one.keys.insert({ ...passed, subject: alice });

      for (const key of all) assert.equal(await advance(other, key.keyId, 2, key), false);
      assert.equal(await advance(other, bound.keyId, 2, { ...bound, subject: alice }), true);
      assert.equal(await advance(other, again.keyId, 2, { createdAt: LATER }), true);
      assert.equal(await advance(other, passed.keyId, 2, { ...passed, subject: alice }), true);
    },
  },
  {
    name: 'a counter that is sent many times concurrently, with the registration, is accepted once',
    async check(one, other) {
      const key = newKey({ createdAt: CREATED_AT, subject: newUser() });
      await one.keys.insert(key);
      const results = await atOnce(one, other, (stores) => advance(stores, key.keyId, 5, key));
      assert.equal(accepted(results), 1);
    },
  },
];
