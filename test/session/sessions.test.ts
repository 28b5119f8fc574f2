import { decodeJwt, decodeProtectedHeader } from 'jose';
import { describe, expect, it, vi } from 'vitest';
import { appId, backendWithDevice, TestClock } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';
import { acceptedRequest, newSessionKey, publicPartOf, sessionsWith, validClaims } from '../support/session-keys.js';

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

  it('rejects a user if the token would be longer than verify accepts', async () => {
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
