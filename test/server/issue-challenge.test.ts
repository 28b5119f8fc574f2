import { expect, it } from 'vitest';
import { memoryStores } from '../../src/server/index.js';
import { createBackend, TestClock } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';

it('issueChallenge issues 32 random bytes as base64url, which differ each time and are valid for five minutes', async () => {
  const clock = new TestClock('2026-09-01T00:00:00Z');
  const backend = createBackend({ now: clock.now });
  const issued = await Promise.all(
    Array.from({ length: 100 }, () => backend.issueChallenge({ purpose: 'attestation' })),
  );
  for (const { challenge, expiresAt } of issued) {
    expect(challenge).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(Buffer.from(challenge, 'base64url')).toHaveLength(32);
    expect(expiresAt).toEqual(new Date('2026-09-01T00:05:00Z'));
  }
  expect(new Set(issued.map(({ challenge }) => challenge)).size).toBe(100);
});

it('issueChallenge issues a challenge that is valid for challengeTtl seconds', async () => {
  const backend = createBackend({ challengeTtl: 30, now: new Date('2026-09-01T00:00:00Z') });
  expect((await backend.issueChallenge({ purpose: 'assertion' })).expiresAt).toEqual(new Date('2026-09-01T00:00:30Z'));
});

it('issueChallenge stores the purpose, the subject and the dates of a challenge', async () => {
  const { challenges, keys } = memoryStores();
  const now = new Date('2026-09-01T00:00:00Z');
  const backend = createBackend({ challenges, keys, now });
  const { challenge, expiresAt } = await backend.issueChallenge({ purpose: 'assertion', subject: 'alice' });
  expect(await challenges.take(challenge)).toEqual({
    purpose: 'assertion',
    subject: 'alice',
    issuedAt: now,
    expiresAt,
  });
});

const WRONG: readonly [string, unknown][] = [
  ['undefined as the options', undefined],
  ['text as the options', 'attestation'],
  ['a missing purpose', {}],
  ['an unknown purpose', { purpose: 'payment' }],
  ['undefined as the subject', { purpose: 'assertion', subject: undefined }],
  ['an unknown option', { purpose: 'assertion', user: 'alice' }],
  ['null as the subject', { purpose: 'assertion', subject: null }],
  ['an empty subject', { purpose: 'assertion', subject: '' }],
  ['a number as the subject', { purpose: 'assertion', subject: 7 }],
  ['a subject with a NUL', { purpose: 'assertion', subject: 'a\0b' }],
  ['a subject with a lone surrogate', { purpose: 'assertion', subject: '\ud800' }],
  ['a subject of 1025 characters', { purpose: 'assertion', subject: 'x'.repeat(1025) }],
];
it.each(WRONG)('issueChallenge rejects %s', async (_, options) => {
  await expectCode(() => createBackend().issueChallenge(options as never), 'invalid_argument');
});
