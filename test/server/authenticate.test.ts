import { describe, expect, it } from 'vitest';
import { backendWithDevice, createBackend } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('a signed request', () => {
  it('from the plugin yields the key with its new counter, the payload, and the extensions', async () => {
    const { backend, key, request } = await backendWithDevice();
    for (const counter of [1, 2]) {
      const body = await request();
      const authenticated = await backend.authenticate(body);
      expect(authenticated).toEqual({
        key: { ...key, counter, lastUsedAt: expect.any(Date) },
        payload: utf8(body.payload),
        extensions: { validationCategory: 4, bundleVersion: '1' },
      });
      expect((await backend.key(key.keyId))?.counter).toBe(counter);
    }
  });

  it('from an older operating system has no extensions', async () => {
    const { backend, request } = await backendWithDevice({}, { os: 'iOS 17.6' });
    expect(Object.keys(await backend.authenticate(await request()))).toEqual(['key', 'payload']);
  });

  it('is accepted with the field assertion, without platform and format, with bytes, and with a keyId in base64url', async () => {
    const { backend, request, keyId } = await backendWithDevice();
    const { token, ...rest } = await request();
    const bodies = [
      { ...rest, token, assertion: token },
      await request().then(({ token: assertion, ...other }) => ({ ...other, assertion })),
      await request().then(({ payload, token: evidence }) => ({ keyId, payload, token: evidence })),
      await request().then(({ payload, ...other }) => ({ ...other, payload: utf8(payload) })),
      await request().then((body) => ({ ...body, token: Buffer.from(body.token, 'base64') })),
      await request().then((body) => ({ ...body, keyId: Buffer.from(keyId, 'base64').toString('base64url') })),
    ];
    for (const body of bodies) expect((await backend.authenticate(body)).key.keyId).toBe(keyId);
  });

  it('yields a copy of the payload, which does not change if the original bytes change', async () => {
    const { backend, request } = await backendWithDevice();
    const { payload, ...rest } = await request();
    const bytes = utf8(payload);
    const authenticated = await backend.authenticate({ ...rest, payload: bytes });
    bytes.fill(0);
    expect(Buffer.from(authenticated.payload).toString()).toBe(payload);
  });
});

describe('authenticate rejects', () => {
  it.each([undefined, null, '{}', 1, [], {}, [[]]])('the body %o', async (body) => {
    await expectCode(() => createBackend().authenticate(body), 'malformed_assertion');
  });

  const CHANGES: readonly [string, Record<string, unknown>][] = [
    ['a missing keyId', { keyId: undefined }],
    ['a number as the keyId', { keyId: 5 }],
    ['a missing payload', { payload: undefined }],
    ['an object as the payload', { payload: { challenge: 'x' } }],
    ['a number as the payload', { payload: 5 }],
    ['a lone surrogate in the payload', { payload: '{"challenge":"\ud83d"}' }],
    ['a missing token', { token: undefined }],
    ['an array as the token', { token: ['AAAA'] }],
    ['a field assertion that differs from the field token', { assertion: 'AAAA' }],
    ['a platform that is not text', { platform: [] }],
  ];
  it.each(CHANGES)('%s', async (_, changes) => {
    const { backend, request } = await backendWithDevice();
    const body = await request();
    await expectCode(() => backend.authenticate({ ...body, ...changes }), 'malformed_assertion');
    await backend.authenticate(body);
  });

  it.each(['', '%%%', 'A'.repeat(10 << 20)])('a malformed token', async (token) => {
    const { backend, request } = await backendWithDevice();
    const body = await request();
    await expectCode(() => backend.authenticate({ ...body, token }), 'malformed_assertion');
  });

  it('a request from the plugin on Android or on the web', async () => {
    const backend = createBackend();
    for (const body of [
      { platform: 'android', format: 'google-play-integrity-standard', keyId: 'x', payload: 'y', token: 'z' },
      { platform: 'web', format: 'web-fallback', keyId: 'x', payload: 'y', token: 'z' },
    ]) {
      await expectCode(() => backend.authenticate(body), 'unsupported_format');
    }
  });

  it.each([
    null,
    'alice',
    { subject: '' },
    { subject: undefined },
    { readChallenge: 'x' },
    { readchallenge: () => '' },
  ])('the options %o', async (options) => {
    await expectCode(() => createBackend().authenticate({}, options as never), 'invalid_argument');
  });
});
