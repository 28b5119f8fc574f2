import { describe, expect, it } from 'vitest';
import type { AppAttestErrorCode } from '../../src/index.js';
import { base64, createBackend, createDevice, registration } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';

describe('register rejects', () => {
  const BODIES: readonly [string, unknown][] = [
    ['undefined as the body', undefined],
    ['null as the body', null],
    ['text as the body', '{}'],
    ['a number as the body', 1],
    ['a function as the body', () => ({})],
    ['an array as the body', []],
    ['an empty object as the body', {}],
    ['an empty object without a prototype as the body', Object.create(null)],
  ];
  const CHANGES: readonly [string, Record<string, unknown>][] = [
    ['a missing keyId', { keyId: undefined }],
    ['a number as the keyId', { keyId: 5 }],
    ['an array as the keyId', { keyId: ['a'] }],
    ['a missing challenge', { challenge: undefined }],
    ['an object as the challenge', { challenge: {} }],
    ['a lone surrogate in the challenge', { challenge: '\udfff' }],
    ['a missing token', { token: undefined }],
    ['an array as the token', { token: [1, 2, 3] }],
    ['a field attestation that differs from the field token', { attestation: 'AAAA' }],
    ['an object in the field attestation', { attestation: {} }],
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
    ['a keyId that is not base64', { keyId: '%%%' }, 'key_id_mismatch'],
    ['a keyId of 10 MB', { keyId: 'A'.repeat(10 << 20) }, 'key_id_mismatch'],
    ['the keyId of another key', { keyId: base64(new Uint8Array(32)) }, 'key_id_mismatch'],
  ];
  it.each(TOKENS)('%s', async (_, changes, code) => {
    const backend = createBackend();
    const body = await registration(backend, await createDevice());
    await expectCode(() => backend.register({ ...body, ...changes }), code);
  });

  it.each([null, 'alice', { subject: 7 }, { subject: undefined }, { user: 'alice' }])(
    'the options %o',
    async (options) => {
      await expectCode(() => createBackend().register({}, options as never), 'invalid_argument');
    },
  );
});
