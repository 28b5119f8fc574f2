import { createPrivateKey, createSecretKey, type KeyObject } from 'node:crypto';
import { type JWTHeaderParameters, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { expectCode } from '../support/rejection.js';
import { acceptedRequest, newSessionKey, publicPartOf, sessionsWith, validClaims } from '../support/session-keys.js';

const key = newSessionKey('ES256', { kid: 'ec' });
const edKey = newSessionKey('EdDSA', { kid: 'ed' });
const stranger = newSessionKey('ES256', { kid: 'ec' });
const sessions = sessionsWith({ keys: [key, edKey] });

const objectOf = ({ kty = '', crv = '', x = '', y, d = '' }: typeof key): KeyObject => {
  return createPrivateKey({ key: { kty, crv, x, ...(y !== undefined && { y }), d }, format: 'jwk' });
};

const HEADER = { alg: 'ES256', typ: 'app-attest-session+jwt', kid: 'ec' };

/** Signs a token. By default, the genuine key signs. */
function signed(header: Record<string, unknown> = {}, claims: object = {}, signer = objectOf(key)): Promise<string> {
  const all: JWTHeaderParameters = { ...HEADER, ...header };
  return new SignJWT({ ...validClaims(), ...claims }).setProtectedHeader(all).sign(signer);
}

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Replaces the header of a token, and keeps its signature. */
const withHeader = (token: string, header: unknown): string => token.replace(/^[^.]*/, base64url(header));
const withClaims = (token: string, claims: unknown): string => token.replace(/\.[^.]*\./, `.${base64url(claims)}.`);

it('the default token of the tests is accepted', async () => {
  expect(await sessions.verify(await signed())).toMatchObject({ environment: 'production' });
});

describe('a token whose header is hostile', () => {
  const hmac = createSecretKey(Buffer.from(JSON.stringify(publicPartOf(key))));

  it.each<[string, () => string | Promise<string>]>([
    ['has the algorithm none', () => new UnsecuredJWT(validClaims()).encode()],
    [
      'has the algorithm none and a genuine signature',
      async () => withHeader(await signed(), { ...HEADER, alg: 'none' }),
    ],
    ['has an HMAC with the public key', () => signed({ alg: 'HS256' }, {}, hmac)],
    [
      'has the algorithm EdDSA and the kid of the ES256 key',
      async () => withHeader(await signed(), { ...HEADER, alg: 'EdDSA' }),
    ],
    ['has an algorithm that is not text', async () => withHeader(await signed(), { ...HEADER, alg: ['ES256'] })],
    ['has no algorithm', async () => withHeader(await signed(), { typ: HEADER.typ, kid: 'ec' })],
    ['has the type JWT', () => signed({ typ: 'JWT' })],
    ['has the type of an access token', () => signed({ typ: 'at+jwt' })],
    ['has no type', () => signed({ typ: undefined })],
    ['has no kid', () => signed({ kid: undefined })],
    ['has an unknown kid', () => signed({ kid: 'other' })],
    ['has a kid that is not text', async () => withHeader(await signed(), { ...HEADER, kid: ['ec'] })],
    ['has the kid of the EdDSA key and the algorithm ES256', () => signed({ kid: 'ed' })],
    [
      'has the kid and the algorithm of a genuine key, but the signature of a stranger',
      () => signed({ kid: 'ec' }, {}, objectOf(stranger)),
    ],
    ['has the name of an inherited property as kid', () => signed({ kid: '__proto__' })],
    ['has the key of the stranger in jwk', () => signed({ jwk: publicPartOf(stranger) }, {}, objectOf(stranger))],
    ['has a URL of the stranger in jku', () => signed({ jku: 'https://evil.example' }, {}, objectOf(stranger))],
    ['has a certificate of the stranger in x5c', () => signed({ x5c: ['MIIB'] }, {}, objectOf(stranger))],
    ['has a critical extension', async () => withHeader(await signed(), { ...HEADER, crit: ['x'], x: 1 })],
    ['has an empty list of critical extensions', async () => withHeader(await signed(), { ...HEADER, crit: [] })],
    ['has an unencoded payload', async () => withHeader(await signed(), { ...HEADER, crit: ['b64'], b64: false })],
    ['is not JSON', async () => (await signed()).replace(/^[^.]*/, 'AAAA')],
    ['is not an object', async () => withHeader(await signed(), [HEADER])],
  ])('%s: session_unknown', async (_, token) => {
    await expectCode(async () => sessions.verify(await token()), 'session_unknown');
  });

  it('is rejected for its algorithm before a key is used', async () => {
    const reasonOf = async (token: Promise<string>) => {
      return (await expectCode(async () => sessions.verify(await token), 'session_unknown')).message;
    };
    expect(await reasonOf(signed({ alg: 'HS256' }, {}, hmac))).toContain('Header Parameter value not allowed');
    expect(await reasonOf(signed({ alg: 'EdDSA' }, {}, objectOf(edKey)))).toBe(
      'the token has another algorithm than its key (expected ES256, got "EdDSA")',
    );
  });

  it('never makes the server load a key', async () => {
    const embedded = {
      jwk: publicPartOf(stranger),
      jku: 'http://127.0.0.1:1/keys',
      x5u: 'http://127.0.0.1:1/x5u',
      x5c: ['MIIB'],
    };
    // The genuine key signed this token, so the token is accepted, and the keys in its header are ignored.
    expect(await sessions.verify(await signed(embedded))).toMatchObject({ environment: 'production' });
  });

  it('is rejected with a message that quotes and shortens the values of the header', async () => {
    const error = await expectCode(
      async () => sessions.verify(await signed({ kid: `\n${'x'.repeat(500)}` })),
      'session_unknown',
    );
    expect(error.message).toMatch(/^no key has the kid "\\nx{79}…" of the token$/);
    const critical = withHeader(await signed(), { ...HEADER, crit: ['a\u001b[2J\n'], 'a\u001b[2J\n': 1 });
    const { message } = await expectCode(() => sessions.verify(critical), 'session_unknown');
    for (const control of ['\n', '\u001b']) expect(message).not.toContain(control);
  });
});

describe('a token whose claims are hostile', () => {
  const { sub } = validClaims();

  it.each<[string, object]>([
    ['has another issuer', { iss: 'https://evil.example' }],
    ['has no issuer', { iss: undefined }],
    ['has another audience', { aud: 'https://other.example' }],
    ['has no audience', { aud: undefined }],
    ['has no expiry', { exp: undefined }],
    ['has an expiry as text', { exp: '9999999999' }],
    ['has an expiry outside the range of dates', { exp: 1e300 }],
    ['has no time of issue', { iat: undefined }],
    ['was issued in the future', { iat: Math.floor(Date.now() / 1000) + 60 }],
    ['is not valid yet', { nbf: Math.floor(Date.now() / 1000) + 60 }],
    ['has no identifier', { jti: undefined }],
    ['has an empty identifier', { jti: '' }],
    ['has no key identifier', { sub: undefined }],
    ['has a malformed key identifier', { sub: 'alice' }],
    ['has a key identifier without padding', { sub: sub.replace('=', '') }],
    ['has no App ID', { app_id: undefined }],
    ['has a malformed App ID', { app_id: 'app' }],
    ['has no environment', { environment: undefined }],
    ['has an unknown environment', { environment: 'sandbox' }],
    ['has a category as text', { category: '4' }],
    ['has a user that is not text', { user: { id: 'alice' } }],
    ['has an empty user', { user: '' }],
    ['has a user that is null', { user: null }],
  ])('%s: session_unknown', async (_, claims) => {
    await expectCode(async () => sessions.verify(await signed({}, claims)), 'session_unknown');
  });

  it('has expired: session_expired if the token is genuine, and otherwise session_unknown', async () => {
    const expired = { iat: 1_000_000_000, exp: 1_000_000_600 };
    await expectCode(async () => sessions.verify(await signed({}, expired)), 'session_expired');
    const others: [Record<string, unknown>, object, KeyObject?][] = [
      [{}, expired, objectOf(stranger)],
      [{ typ: 'JWT' }, expired],
      [{}, { ...expired, aud: 'other' }],
      [{}, { ...expired, iss: 'other' }],
    ];
    for (const other of others) {
      await expectCode(async () => sessions.verify(await signed(...other)), 'session_unknown');
    }
  });

  it('was changed: session_unknown', async () => {
    const changed = withClaims(await signed(), { ...validClaims(), user: 'mallory' });
    await expectCode(() => sessions.verify(changed), 'session_unknown');
    await expectCode(async () => sessions.verify(withClaims(await signed(), [])), 'session_unknown');
  });
});

describe('a genuine token whose signature is written differently', () => {
  const next = (letter: string) => String.fromCharCode(letter.charCodeAt(0) + 1);

  it.each<[string, (token: string) => string]>([
    ['has a space at the end', (token) => `${token} `],
    ['has a line break in the signature', (token) => `${token.slice(0, -5)}\n${token.slice(-5)}`],
    ['has padding', (token) => `${token}==`],
    ['has other unused bits', (token) => token.replace(/.$/, next)],
  ])('and %s: session_unknown', async (_, change) => {
    for (const [header, signer] of [
      [{}, key],
      [{ alg: 'EdDSA', kid: 'ed' }, edKey],
    ] as const) {
      const token = await signed(header, {}, objectOf(signer));
      await expectCode(() => sessions.verify(change(token)), 'session_unknown');
      expect(await sessions.verify(token)).toMatchObject({ environment: 'production' });
      await expectCode(() => sessions.verify(change(token)), 'session_unknown');
    }
  });
});

describe('a malformed token', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['bytes', new Uint8Array(3)],
    ['an object with the methods of text', { length: 3, toString: () => 'a.b.c', split: () => [] }],
    ['empty text', ''],
    ['one part', 'a'],
    ['two dots', '..'],
    ['two empty JSON objects without a signature', `${base64url({})}.${base64url({})}.`],
    ['five parts', 'a.b.c.d.e'],
    ['8192 dots', '.'.repeat(8192)],
    ['NUL', 'a\0.b.c'],
  ])('is rejected with session_unknown: %s', async (_, token) => {
    // @ts-expect-error some of the values are mistakes that are possible only in JavaScript
    await expectCode(() => sessions.verify(token), 'session_unknown');
  });

  it('of more than 8192 characters is rejected before it is decoded', async () => {
    const { token } = await sessions.issue(acceptedRequest());
    const [header, , signature] = token.split('.');
    const claims = (length: number) => {
      const padded = { ...validClaims(), padding: '' };
      return base64url({ ...padded, padding: 'x'.repeat(Math.max(0, length - JSON.stringify(padded).length)) });
    };
    const long = `${header}.${claims(7000)}.${signature}`;
    const error = await expectCode(() => sessions.verify(long), 'session_unknown');
    expect(error.message).toContain('too long (expected at most 8192 characters');
    // A genuine signature does not help.
    const genuine = await signed({}, { padding: 'x'.repeat(7000) });
    expect((await expectCode(() => sessions.verify(genuine), 'session_unknown')).message).toContain('too long');

    const huge = 'A'.repeat(64 << 20);
    const start = performance.now();
    await expectCode(() => sessions.verify(huge), 'session_unknown');
    expect(performance.now() - start).toBeLessThan(100);
  });

  it('with deeply nested claims is rejected', async () => {
    const nested = `${'['.repeat(2500)}${']'.repeat(2500)}`;
    const token = `${base64url(HEADER)}.${Buffer.from(nested).toString('base64url')}.${'A'.repeat(86)}`;
    expect(token.length).toBeLessThan(8192);
    await expectCode(() => sessions.verify(token), 'session_unknown');
  });
});
