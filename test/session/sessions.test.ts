import { decodeJwt, decodeProtectedHeader } from 'jose';
import { describe, expect, it, vi } from 'vitest';
import type { AppAttestErrorCode } from '../../src/index.js';
import { createSessions, type SessionsOptions } from '../../src/session/index.js';
import { appId, backendWithDevice, TestClock } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';
import {
  AUDIENCE,
  acceptedRequest,
  ISSUER,
  newSessionKey,
  publicPartOf,
  sessionsWith,
  validClaims,
} from '../support/session-keys.js';

describe.each(['ES256', 'EdDSA'] as const)('a session signed with %s', (alg) => {
  const key = newSessionKey(alg, { kid: 'first' });

  it('contains the data of the key, and is valid for ten minutes', async () => {
    const clock = new TestClock('2026-01-01T00:00:00.900Z');
    const sessions = sessionsWith({ keys: [key], now: clock.now });
    const { token, expiresAt } = await sessions.issue(acceptedRequest('alice', 4));
    expect(expiresAt).toEqual(new Date('2026-01-01T00:10:00Z'));
    expect(await sessions.verify(token)).toEqual({
      keyId: acceptedRequest().key.keyId,
      appId,
      environment: 'production',
      subject: 'alice',
      validationCategory: 4,
      issuedAt: new Date('2026-01-01T00:00:00Z'),
      expiresAt,
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it('has a header and claims that other services can verify', async () => {
    const sessions = sessionsWith({ keys: [key] });
    const { token } = await sessions.issue(acceptedRequest('alice', 0));
    expect(decodeProtectedHeader(token)).toEqual({ alg, typ: 'app-attest-session+jwt', kid: 'first' });
    expect(decodeJwt(token)).toEqual({
      ...validClaims(),
      iat: expect.any(Number),
      exp: expect.any(Number),
      jti: expect.any(String),
      user: 'alice',
      category: 0,
    });
  });

  it('has neither a user nor a category if the key has no user and the assertion has no category', async () => {
    const sessions = sessionsWith({ keys: [key] });
    const { token } = await sessions.issue(acceptedRequest());
    const session = await sessions.verify(token);
    expect(session).not.toHaveProperty('subject');
    expect(session).not.toHaveProperty('validationCategory');
    expect(Object.keys(decodeJwt(token)).toSorted()).toEqual(Object.keys(validClaims()).toSorted());
  });
});

describe('issue', () => {
  const keys = [newSessionKey()];

  it('accepts the result of authenticate', async () => {
    const { backend, key, request } = await backendWithDevice({}, { os: 'iOS 27' });
    const sessions = sessionsWith({ keys });
    const { token } = await sessions.issue(await backend.authenticate(await request()));
    expect(await sessions.verify(token)).toMatchObject({ keyId: key.keyId, appId, validationCategory: 4 });
  });

  it('gives each session a unique identifier', async () => {
    const sessions = sessionsWith({ keys });
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => {
        return (await sessions.verify((await sessions.issue(acceptedRequest())).token)).id;
      }),
    );
    expect(new Set(ids).size).toBe(20);
  });

  it('issues a session without a user if the user of the key is null', async () => {
    const accepted = acceptedRequest();
    const { token } = await sessionsWith({ keys }).issue(
      JSON.parse(JSON.stringify({ key: { ...accepted.key, subject: null } })),
    );
    expect(await sessionsWith({ keys }).verify(token)).not.toHaveProperty('subject');
  });

  const { key } = acceptedRequest();
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a promise of an accepted request', Promise.resolve(acceptedRequest())],
    ['a rejected verdict', { attested: false, code: 'key_unknown' }],
    ['a result of another format', { attested: true, platform: 'android' }],
    ['a key without an identifier', { key: { ...key, keyId: undefined } }],
    ['a malformed key identifier', { key: { ...key, keyId: 'AAAA' } }],
    ['a malformed App ID', { key: { ...key, appId: 'app' } }],
    ['an unknown environment', { key: { ...key, environment: 'test' } }],
    ['an empty user', { key: { ...key, subject: '' } }],
    ['a user that is not text', { key: { ...key, subject: 7 } }],
    ['a category that is not a number', { key, extensions: { validationCategory: '4' } }],
    ['a negative category', { key, extensions: { validationCategory: -1 } }],
    ['a category above 32 bits', { key, extensions: { validationCategory: 2 ** 32 } }],
    ['a category that is not an integer', { key, extensions: { validationCategory: 1.5 } }],
  ])('rejects %s', async (_, accepted) => {
    // @ts-expect-error a mistake that is possible only in JavaScript
    await expectCode(() => sessionsWith({ keys }).issue(accepted), 'invalid_argument');
  });

  it('rejects the verdict of protectWithSession, so that a token is not renewed without an assertion', async () => {
    const sessions = sessionsWith({ keys });
    const session = await sessions.verify((await sessions.issue(acceptedRequest())).token);
    const verdict = { ...acceptedRequest(), session };
    await expectCode(() => sessions.issue(verdict), 'invalid_argument');
  });

  it('rejects a user for whom the token would be longer than verify accepts', async () => {
    const sessions = sessionsWith({ keys });
    await expectCode(() => sessions.issue(acceptedRequest('\u0001'.repeat(1024))), 'invalid_argument');
    const { token } = await sessions.issue(acceptedRequest('\u{4e2d}'.repeat(1024)));
    expect((await sessions.verify(token)).subject).toHaveLength(1024);
  });

  it('rejects each request if the first key is public', async () => {
    const [key] = keys;
    const sessions = sessionsWith({ keys: [publicPartOf(key ?? {}), newSessionKey()] });
    await expectCode(() => sessions.issue(acceptedRequest()), 'invalid_argument');
  });
});

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
  ] as const)(
    'leads to this result with the options %o, %d seconds after the issue: %s',
    async (options, seconds, result) => {
      const clock = new TestClock(start);
      const sessions = sessionsWith({ keys, now: clock.now, ...options });
      const { token } = await sessions.issue(acceptedRequest());
      clock.forward(seconds);
      if (result === 'accepted') expect(await sessions.verify(token)).toMatchObject({ issuedAt: new Date(start) });
      else await expectCode(() => sessions.verify(token), result);
    },
  );

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
  ])(
    'revokes a session only with a time after the issue of the session: it returns %s',
    async (_, revokedBefore, result) => {
      const token = await issued();
      // @ts-expect-error some of the results are mistakes that are possible only in JavaScript
      const sessions = sessionsWith({ keys, now: at(200), revokedBefore });
      if (result === 'accepted') expect(await sessions.verify(token)).toMatchObject({ subject: 'alice' });
      else await expectCode(() => sessions.verify(token), result);
    },
  );

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

describe('a token that was verified before', () => {
  const keys = [newSessionKey()];

  it('leads to a new session object each time, so that a caller cannot change the session of the next call', async () => {
    const sessions = sessionsWith({ keys });
    const { token } = await sessions.issue(acceptedRequest('alice'));
    const first = await sessions.verify(token);
    const expected = structuredClone(first);
    first.subject = 'mallory';
    first.expiresAt.setTime(0);
    expect(await sessions.verify(token)).toEqual(expected);
  });

  it('can still be revoked', async () => {
    let before: Date | undefined;
    const sessions = sessionsWith({ keys, revokedBefore: () => before });
    const { token } = await sessions.issue(acceptedRequest());
    expect(await sessions.verify(token)).toMatchObject({ appId });
    before = new Date(Date.now() + 1000);
    await expectCode(() => sessions.verify(token), 'session_revoked');
  });

  it('does not make another token with the same claims valid', async () => {
    const sessions = sessionsWith({ keys });
    const { token } = await sessions.issue(acceptedRequest());
    await sessions.verify(token);
    for (const forged of [`${token.slice(0, -10)}AAAAAAAAAA`, token.replace(/\.[^.]*$/, '.'), ` ${token}`]) {
      await expectCode(() => sessions.verify(forged), 'session_unknown');
    }
  });

  it('is not verified again', async () => {
    const verify = vi.spyOn(crypto.subtle, 'verify');
    const sessions = sessionsWith({ keys: [newSessionKey('EdDSA')] });
    const { token } = await sessions.issue(acceptedRequest());
    for (let use = 0; use < 3; use += 1) await sessions.verify(token);
    expect(verify).toHaveBeenCalledTimes(1);
    verify.mockRestore();
  });
});

describe('a rotation of keys', () => {
  const [old, next] = [newSessionKey('ES256', { kid: 'old' }), newSessionKey('EdDSA', { kid: 'next' })];
  const before = sessionsWith({ keys: [old] });
  const published = sessionsWith({ keys: [old, publicPartOf(next)] });
  const switched = sessionsWith({ keys: [next, old] });
  const after = sessionsWith({ keys: [next] });
  const kidsOf = (sessions: ReturnType<typeof sessionsWith>) => sessions.jwks().keys.map(({ kid }) => kid);

  it('publishes the next key before this key signs, and the old key while its tokens are valid', async () => {
    expect(kidsOf(before)).toEqual(['old']);
    expect(kidsOf(published)).toEqual(['old', 'next']);
    expect(decodeProtectedHeader((await published.issue(acceptedRequest())).token).kid).toBe('old');
    expect(kidsOf(switched)).toEqual(['next', 'old']);
    expect(decodeProtectedHeader((await switched.issue(acceptedRequest())).token).kid).toBe('next');
  });

  it('has no gap: a server accepts the tokens of a server that is one step ahead or behind', async () => {
    const steps = [before, published, switched, after];
    for (const [index, issuer] of steps.slice(0, -1).entries()) {
      const { token } = await issuer.issue(acceptedRequest());
      for (const verifier of steps.slice(index, index + 2)) {
        if (verifier === after) continue; // the old key is removed only after its tokens have expired
        expect(await verifier.verify(token)).toMatchObject({ appId });
      }
    }
    const { token } = await switched.issue(acceptedRequest());
    for (const verifier of [published, switched, after]) expect(await verifier.verify(token)).toMatchObject({ appId });
  });

  it('makes the tokens of a removed key invalid', async () => {
    const { token } = await before.issue(acceptedRequest());
    await expectCode(() => after.verify(token), 'session_unknown');
  });
});

describe('the result of jwks', () => {
  it('is enough for another service to verify tokens, and contains no private part', async () => {
    const sessions = sessionsWith({ keys: [newSessionKey(), newSessionKey('EdDSA')] });
    const jwks: ReturnType<typeof sessions.jwks> = JSON.parse(JSON.stringify(sessions.jwks()));
    const service = sessionsWith({ keys: jwks.keys });
    expect(service.jwks()).toEqual(jwks);
    const { token } = await sessions.issue(acceptedRequest('alice'));
    expect(await service.verify(token)).toEqual(await sessions.verify(token));
    await expectCode(() => service.issue(acceptedRequest()), 'invalid_argument');
    expect(Object.keys(jwks.keys[0] ?? {}).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    expect(Object.keys(jwks.keys[1] ?? {}).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']);
  });

  it('is a copy of the published keys', () => {
    const sessions = sessionsWith({ keys: [newSessionKey()] });
    const [first] = sessions.jwks().keys;
    if (first) first.kid = 'changed';
    expect(sessions.jwks().keys[0]?.kid).not.toBe('changed');
  });
});

describe('the options of createSessions', () => {
  const key = newSessionKey();
  const valid: SessionsOptions = { issuer: ISSUER, audience: AUDIENCE, keys: [key] };
  const other = newSessionKey();

  it.each<[string, Record<string, unknown>]>([
    ['an unknown option', { tll: 60 }],
    ['no issuer', { issuer: undefined }],
    ['an empty issuer', { issuer: '' }],
    ['an issuer that is too long', { issuer: 'x'.repeat(1025) }],
    ['an audience that is not text', { audience: ['a'] }],
    ['an empty audience', { audience: '' }],
    ['no keys', { keys: undefined }],
    ['an empty list of keys', { keys: [] }],
    ['a key instead of a list', { keys: key }],
    ['eleven keys', { keys: Array.from({ length: 11 }, () => newSessionKey()) }],
    ['a list with a hole', { keys: Object.assign(Array(2), [key]) }],
    ['a key as text', { keys: [JSON.stringify(key)] }],
    ['null as a key', { keys: [null] }],
    ['a symmetric key', { keys: [{ kty: 'oct', k: 'AAAA' }] }],
    ['a key on another curve', { keys: [{ ...key, crv: 'P-384' }] }],
    ['P-256 as an OKP key', { keys: [{ ...key, kty: 'OKP' }] }],
    ['a point that is not on the curve', { keys: [{ ...publicPartOf(key), y: key.x }] }],
    ['a key without x', { keys: [{ ...key, x: undefined }] }],
    ['the private part of another key', { keys: [{ ...key, d: other.d }] }],
    ['a private part that is not text', { keys: [{ ...key, d: 7 }] }],
    ['a key with another algorithm', { keys: [{ ...key, alg: 'ES384' }] }],
    ['a key for encryption', { keys: [{ ...key, use: 'enc' }] }],
    ['an empty kid', { keys: [{ ...key, kid: '' }] }],
    ['a kid that is not text', { keys: [{ ...key, kid: 1 }] }],
    ['a kid that is too long', { keys: [{ ...key, kid: 'x'.repeat(257) }] }],
    [
      'one kid for two keys',
      {
        keys: [
          { ...key, kid: 'a' },
          { ...other, kid: 'a' },
        ],
      },
    ],
    ['one key twice', { keys: [key, key] }],
    ['a ttl of zero', { ttl: 0 }],
    ['a ttl above a day', { ttl: 86_401 }],
    ['a ttl as text', { ttl: '10m' }],
    ['a negative clockTolerance', { clockTolerance: -1 }],
    ['a clockTolerance above five minutes', { clockTolerance: 301 }],
    ['a revokedBefore that is not a function', { revokedBefore: new Date() }],
    ['an undefined revokedBefore', { revokedBefore: undefined }],
    ['a clock without a time', { now: () => undefined }],
  ])('are rejected if they contain %s', async (_, wrong) => {
    const options = { ...valid, ...wrong };
    const error = await expectCode(() => createSessions(options), 'invalid_argument');
    expect(error.cause).toBeUndefined();
    if (key.d) expect(error.message).not.toContain(key.d);
  });

  it('may contain values of the maximum length', () => {
    const keys = Array.from({ length: 10 }, (_, index) => newSessionKey('EdDSA', { kid: `${index}`.padEnd(256, 'x') }));
    const longest = { issuer: 'x'.repeat(1024), audience: 'y'.repeat(1024), ttl: 86_400, clockTolerance: 300, keys };
    expect(createSessions(longest).jwks().keys).toHaveLength(10);
    expect(() => createSessions({ ...valid, ttl: undefined, clockTolerance: undefined, now: undefined })).not.toThrow();
  });

  it('may contain a key without a kid, which gets its thumbprint as kid', () => {
    // RFC 8037, appendix A.3.
    const kid = 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k';
    const keys = [{ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }];
    expect(sessionsWith({ keys }).jwks().keys).toEqual([{ ...keys[0], kid, alg: 'EdDSA', use: 'sig' }]);
  });
});
