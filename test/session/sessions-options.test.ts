import { describe, expect, it } from 'vitest';
import { createSessions, type SessionsOptions } from '../../src/session/index.js';
import { expectCode } from '../support/rejection.js';
import { AUDIENCE, ISSUER, newSessionKey, publicPartOf, sessionsWith } from '../support/session-keys.js';

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
