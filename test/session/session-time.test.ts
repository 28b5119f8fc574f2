import { describe, expect, it } from 'vitest';
import type { AppAttestErrorCode } from '../../src/index.js';
import { appId, TestClock } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';
import { acceptedRequest, newSessionKey, sessionsWith } from '../support/session-keys.js';

describe('the clock of the server', () => {
  const keys = [newSessionKey()];
  const start = '2026-01-01T00:00:00Z';

  it.each([
    [{}, 609, 'accepted'],
    [{}, 610, 'session_expired'],
    [{ clockTolerance: 0 }, 599, 'accepted'],
    [{ clockTolerance: 0 }, 600, 'session_expired'],
    [{ ttl: 60, clockTolerance: 5 }, 64, 'accepted'],
    [{ ttl: 60, clockTolerance: 5 }, 65, 'session_expired'],
    [{}, -10, 'accepted'],
    [{}, -11, 'session_unknown'],
    [{ clockTolerance: 0 }, -1, 'session_unknown'],
  ] as const)('leads to this result with %o, %d seconds after the issue: %s', async (options, seconds, result) => {
    const clock = new TestClock(start);
    const sessions = sessionsWith({ keys, now: clock.now, ...options });
    const { token } = await sessions.issue(acceptedRequest());
    clock.forward(seconds);
    if (result === 'accepted') expect(await sessions.verify(token)).toMatchObject({ issuedAt: new Date(start) });
    else await expectCode(() => sessions.verify(token), result);
  });

  it('is read again for each use of a token', async () => {
    const clock = new TestClock(start);
    const sessions = sessionsWith({ keys, now: clock.now });
    const { token } = await sessions.issue(acceptedRequest());
    expect(await sessions.verify(token)).toEqual(await sessions.verify(token));
    clock.forward(-11);
    await expectCode(() => sessions.verify(token), 'session_unknown');
    clock.forward(11 + 609);
    expect(await sessions.verify(token)).toMatchObject({ appId });
    clock.forward(1);
    await expectCode(() => sessions.verify(token), 'session_expired');
  });

  it('may be a fixed date', async () => {
    const sessions = sessionsWith({ keys, now: new Date(start) });
    const { token } = await sessions.issue(acceptedRequest());
    expect((await sessions.verify(token)).issuedAt).toEqual(new Date(start));
  });
});

describe('revokedBefore', () => {
  const keys = [newSessionKey()];
  const at = (seconds: number): Date => new Date(Date.parse('2026-01-01T00:00:00Z') + seconds * 1000);
  const issued = async () => (await sessionsWith({ keys, now: at(100) }).issue(acceptedRequest('alice'))).token;

  it.each<[string, () => unknown, 'accepted' | AppAttestErrorCode]>([
    ['no time', () => undefined, 'accepted'],
    ['null', () => null, 'accepted'],
    ['an earlier time', () => at(99), 'accepted'],
    ['the time of issue', () => at(100), 'accepted'],
    ['a later time', () => at(100.001), 'session_revoked'],
    ['a promise of a later time', async () => at(101), 'session_revoked'],
    ['an invalid date', () => new Date(Number.NaN), 'invalid_argument'],
    ['a number', () => 101_000, 'invalid_argument'],
    ['a boolean', () => false, 'invalid_argument'],
  ])('revokes only sessions that were issued before the returned time: %s', async (_, revokedBefore, result) => {
    const token = await issued();
    // @ts-expect-error some of the results are mistakes that are possible only in JavaScript
    const sessions = sessionsWith({ keys, now: at(200), revokedBefore });
    if (result === 'accepted') expect(await sessions.verify(token)).toMatchObject({ subject: 'alice' });
    else await expectCode(() => sessions.verify(token), result);
  });

  it('receives a copy of each session with a valid token, and no other session', async () => {
    const seen: unknown[] = [];
    const sessions = sessionsWith({
      keys,
      now: at(200),
      revokedBefore: (session) => {
        seen.push({ ...session });
        session.subject = 'mallory';
        session.issuedAt.setTime(at(300).getTime());
        session.expiresAt.setTime(at(9000).getTime());
        return at(100);
      },
    });
    const token = await issued();
    const session = await sessions.verify(token);
    expect(session).toMatchObject({ subject: 'alice', issuedAt: at(100), expiresAt: at(700) });
    expect(seen).toEqual([expect.objectContaining({ keyId: session.keyId, id: session.id, subject: 'alice' })]);
    await expectCode(() => sessions.verify(`${token}A`), 'session_unknown');
    expect(seen).toHaveLength(1);
  });

  it('makes verify reject with its own error if it fails', async () => {
    const failure = new Error('the cache is down');
    const revokedBefore = () => Promise.reject(failure);
    const sessions = sessionsWith({ keys, now: at(200), revokedBefore });
    await expect(sessions.verify(await issued())).rejects.toBe(failure);
  });
});
