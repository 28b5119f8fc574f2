import { describe, expect, it } from 'vitest';
import type { AppAttestErrorCode } from '../../src/index.js';
import { base64, createBackend, createDevice, registration } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';

describe('register rejects', () => {
  const BODIES: readonly [string, unknown][] = [
    ['undefined', undefined],
    ['null', null],
    ['text', '{}'],
    ['a number', 1],
    ['a function', () => ({})],
    ['an array', []],
    ['an empty object', {}],
    ['an object without a prototype', Object.create(null)],
  ];
  const CHANGES: readonly [string, Record<string, unknown>][] = [
    ['a missing key id', { keyId: undefined }],
    ['a number as the key id', { keyId: 5 }],
    ['an array as the key id', { keyId: ['a'] }],
    ['a missing challenge', { challenge: undefined }],
    ['an object as the challenge', { challenge: {} }],
    ['half a surrogate pair in the challenge', { challenge: '\udfff' }],
    ['a missing token', { token: undefined }],
    ['an array as the token', { token: [1, 2, 3] }],
    ['a legacy token that differs from the token', { attestation: 'AAAA' }],
    ['a legacy token of another type', { attestation: {} }],
    ['a platform that is not text', { platform: 1 }],
    ['a format that is not text', { format: { apple: true } }],
  ];
  it.each(BODIES)('%s', async (_, body) => {
    await expectCode(() => createBackend().register(body), 'malformed_attestation');
  });
  it.each(CHANGES)('%s', async (_, changes) => {
    const backend = createBackend();
    const body = await registration(backend, await createDevice());
    await expectCode(() => backend.register({ ...body, ...changes }), 'malformed_attestation');
    // A malformed body does not use up the challenge.
    expect((await backend.register(body)).keyId).toBe(body.keyId);
  });

  const TOKENS: readonly [string, Record<string, unknown>, AppAttestErrorCode][] = [
    ['an empty token', { token: '' }, 'malformed_attestation'],
    ['a token that is not base64', { token: '%%%' }, 'malformed_attestation'],
    ['a token of 10 MB', { token: 'A'.repeat(10 << 20) }, 'malformed_attestation'],
    ['a key id that is not base64', { keyId: '%%%' }, 'key_id_mismatch'],
    ['a key id of 10 MB', { keyId: 'A'.repeat(10 << 20) }, 'key_id_mismatch'],
    ['the key id of another key', { keyId: base64(new Uint8Array(32)) }, 'key_id_mismatch'],
  ];
  it.each(TOKENS)('%s', async (_, changes, code) => {
    const backend = createBackend();
    const body = await registration(backend, await createDevice());
    await expectCode(() => backend.register({ ...body, ...changes }), code);
  });

  it.each([null, 'alice', { subject: 7 }, { subject: undefined }, { user: 'alice' }])(
    'invalid options: %o',
    async (options) => {
      await expectCode(() => createBackend().register({}, options as never), 'invalid_argument');
    },
  );
});
