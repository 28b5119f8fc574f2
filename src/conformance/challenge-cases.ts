import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { newChallenge } from '../server/challenge.js';
import type { ChallengeRecord } from '../server/challenge-store.js';
import { accepted, atOnce, otherCase } from './concurrency.js';
import type { Requirement } from './requirement.js';

function record(changes: Partial<ChallengeRecord> = {}, lifetime = 60_000): ChallengeRecord {
  const issuedAt = new Date();
  return { purpose: 'assertion', issuedAt, expiresAt: new Date(issuedAt.getTime() + lifetime), ...changes };
}

function assertRecord(actual: ChallengeRecord | null | undefined, expected: ChallengeRecord): void {
  assert.ok(actual, 'take returned nothing');
  assert.equal(actual.purpose, expected.purpose);
  assert.equal(actual.subject ?? undefined, expected.subject);
  assert.deepEqual(actual.expiresAt, expected.expiresAt);
}

export const CHALLENGE_CASES: readonly Requirement[] = [
  {
    name: 'a server can take a challenge that another server stored, and gets the record of the challenge',
    async check(one, other) {
      const subjects = [undefined, 'user 1', 'grüße 🔑', `"';--\\ \n%s $1 {}`, 'x'.repeat(1024)];
      for (const purpose of ['attestation', 'assertion'] as const) {
        for (const subject of subjects) {
          const challenge = newChallenge();
          await one.challenges.put(challenge, record({ purpose, subject }));
          const taken = await other.challenges.take(challenge);
          assertRecord(taken, record({ purpose, subject, ...(taken && { expiresAt: taken.expiresAt }) }));
        }
      }
    },
  },
  {
    name: 'a challenge keeps its expiration time, exact to the millisecond',
    async check(one, other) {
      const challenge = newChallenge();
      const issuedAt = new Date();
      const put = record({ issuedAt, expiresAt: new Date(Math.floor(issuedAt.getTime() / 1000) * 1000 + 59_999) });
      await one.challenges.put(challenge, put);
      assertRecord(await other.challenges.take(challenge), put);
    },
  },
  {
    name: 'a new challenge is valid, even if the clock of the issuing server is wrong',
    async check(one, other) {
      for (const issuedAt of [new Date('2020-01-01T00:00:00Z'), new Date('2045-01-01T00:00:00Z')]) {
        const challenge = newChallenge();
        const put = record({ issuedAt, expiresAt: new Date(issuedAt.getTime() + 60_000) });
        await one.challenges.put(challenge, put);
        assertRecord(await other.challenges.take(challenge), put);
      }
    },
  },
  {
    name: 'if many callers take a challenge concurrently, only one caller gets a record',
    async check(one, other) {
      for (let round = 0; round < 5; round += 1) {
        const challenge = newChallenge();
        await one.challenges.put(challenge, record());
        const taken = await atOnce(one, other, ({ challenges }) => challenges.take(challenge));
        assert.equal(taken.filter((value) => value !== undefined && value !== null).length, 1);
      }
    },
  },
  {
    name: 'a challenge that was taken cannot be taken again on any server',
    async check(one, other) {
      const challenge = newChallenge();
      await one.challenges.put(challenge, record());
      assert.ok(await one.challenges.take(challenge));
      assert.ok(!(await one.challenges.take(challenge)));
      assert.ok(!(await other.challenges.take(challenge)));
    },
  },
  {
    name: 'a challenge is found only by exactly the same text, so upper-case and lower-case letters differ',
    async check(one, other) {
      const challenge = newChallenge();
      assert.ok(!(await one.challenges.take(challenge)));
      await one.challenges.put(challenge, record());
      assert.ok(!(await other.challenges.take(otherCase(challenge))));
      assert.ok(await other.challenges.take(challenge));
    },
  },
  {
    name: 'if a challenge has expired, take returns nothing or the unchanged record',
    async check(one, other) {
      const challenge = newChallenge();
      const put = record({}, 50);
      await one.challenges.put(challenge, put);
      await setTimeout(120);
      // A store may return nothing, or the unchanged record. In the second case, the server checks the expiration time.
      const taken = await other.challenges.take(challenge);
      if (taken) assertRecord(taken, put);
    },
  },
  {
    name: 'if the store has a method fate, the method returns used only for a challenge that was taken',
    async check(one, other) {
      if (!one.challenges.fate) return;
      const [used, waiting] = [newChallenge(), newChallenge()];
      for (const challenge of [used, waiting]) await one.challenges.put(challenge, record());
      await one.challenges.take(used);
      assert.equal(await other.challenges.fate?.(used), 'used');
      assert.ok(!(await other.challenges.fate?.(waiting)));
      assert.ok(!(await other.challenges.fate?.(newChallenge())));
      assert.ok(await other.challenges.take(waiting));
    },
  },
  {
    name: 'if two hundred challenges are stored concurrently, and then taken concurrently, each challenge keeps its own record',
    async check(one, other) {
      const challenges = Array.from({ length: 200 }, (_, index) => [newChallenge(), `user ${index}`] as const);
      await Promise.all(challenges.map(([challenge, subject]) => one.challenges.put(challenge, record({ subject }))));
      const taken = await Promise.all(challenges.map(([challenge]) => other.challenges.take(challenge)));
      assert.deepEqual(
        taken.map((value) => value?.subject),
        challenges.map(([, subject]) => subject),
      );
      assert.equal(accepted(taken.map(Boolean)), 200);
    },
  },
];
