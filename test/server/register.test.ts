import { describe, expect, it, vi } from 'vitest';
import type { AppAttestErrorCode } from '../../src/index.js';
import { memoryStores } from '../../src/server/index.js';
import {
  appId,
  attestedAgain,
  base64,
  createBackend,
  createDevice,
  registration,
  sha256,
  signedRequest,
  TestClock,
} from '../support/backend.js';
import { expectCode } from '../support/rejection.js';

describe('a registration', () => {
  it('of the plugin yields the key, and stores it', async () => {
    const clock = new TestClock();
    const backend = createBackend({ now: clock.now });
    const device = await createDevice({ bundleVersion: '42' });
    const body = await registration(backend, device, 'alice');
    const key = await backend.register(body, { subject: 'alice' });
    expect(key).toEqual({
      keyId: body.keyId,
      publicKey: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----\n/),
      counter: 0,
      appId,
      environment: 'production',
      subject: 'alice',
      receipt: expect.any(Uint8Array),
      device: expect.objectContaining({ platform: 'iphoneos', osVersion: '27.0' }),
      extensions: { validationCategory: 4, bundleVersion: '42' },
      createdAt: clock.now(),
    });
    expect(key.receipt.length).toBeGreaterThan(1000);
    expect(await backend.key(key.keyId)).toEqual(key);
  });

  it('of an older system and without a subject has neither extensions nor subject', async () => {
    const backend = createBackend();
    const key = await backend.register(await registration(backend, await createDevice({ os: 'iOS 17.2' })));
    expect(Object.keys(key)).not.toContain('extensions');
    expect(Object.keys(key)).not.toContain('subject');
  });

  it('is read with the legacy field, without the envelope, and with null for what is absent', async () => {
    const backend = createBackend();
    const device = await createDevice();
    const attest = () => registration(backend, device);

    const { token, ...rest } = await attest();
    const bodies = [
      { ...rest, token, attestation: token },
      { ...(await attest()), attestation: null },
      await attest().then(({ token: attestation, ...other }) => ({ ...other, attestation })),
      await attest().then(({ keyId, challenge, token: evidence }) => ({ keyId, challenge, token: evidence })),
      await attest().then((body) => ({ ...body, token: Buffer.from(body.token, 'base64') })),
      await attest().then((body) => ({ ...body, token: Buffer.from(body.token, 'base64').toString('base64url') })),
      await attest().then((body) => ({ ...body, more: { entries: [] } })),
    ];
    for (const body of bodies) expect((await backend.register(body)).keyId).toBe(body.keyId);
  });

  it('is stored under one spelling of its key identifier', async () => {
    const backend = createBackend();
    const body = await registration(backend, await createDevice());
    const spelling = Buffer.from(body.keyId, 'base64').toString('base64url');
    expect((await backend.register({ ...body, keyId: spelling })).keyId).toBe(body.keyId);
    expect((await backend.key(spelling))?.keyId).toBe(body.keyId);
  });

  it('of an app that hashed the 32 bytes of the challenge names these bytes', async () => {
    const backend = createBackend();
    const device = await createDevice();
    const { challenge } = await backend.issueChallenge({ purpose: 'attestation' });
    const bytes = Buffer.from(challenge, 'base64url');
    const keyId = await device.generateKey();
    const token = await device.attestKey(keyId, sha256(bytes));
    expect((await backend.register({ keyId, challenge: bytes, token })).keyId).toBe(keyId);
  });
});

describe('a challenge', () => {
  it('works once, for a registration that succeeds', async () => {
    const backend = createBackend();
    const body = await registration(backend, await createDevice());
    await backend.register(body);
    await expectCode(() => backend.register(body), 'challenge_used');
  });

  it('works once, for a registration that fails', async () => {
    const backend = createBackend();
    const device = await createDevice();
    const body = await registration(backend, device);
    await expectCode(() => backend.register({ ...body, token: 'AAAA' }), 'malformed_attestation');
    await expectCode(() => backend.register(body), 'challenge_used');
  });

  it('is used up by a registration for which it was not issued', async () => {
    const backend = createBackend();
    const device = await createDevice();
    const keyId = await device.generateKey();
    const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
    const body = await device.capacitor.createAttestation({ keyId, challenge });
    await expectCode(() => backend.register(body), 'challenge_unknown');
    await expectCode(() => backend.register(body), 'challenge_used');
  });

  it('of one subject serves no other, nor nobody', async () => {
    for (const subject of [{ subject: 'bob' }, {}]) {
      const backend = createBackend();
      const body = await registration(backend, await createDevice(), 'alice');
      await expectCode(() => backend.register(body, subject), 'challenge_unknown');
      await expectCode(() => backend.register(body, { subject: 'alice' }), 'challenge_used');
    }
  });

  it('that was issued for nobody in particular serves everybody', async () => {
    const backend = createBackend();
    const body = await registration(backend, await createDevice());
    expect((await backend.register(body, { subject: 'alice' })).subject).toBe('alice');
  });

  it('is over when its time is', async () => {
    const clock = new TestClock();
    const backend = createBackend({ challengeTtl: 60, now: clock.now });
    const device = await createDevice();
    const inTime = await registration(backend, device);
    const late = await registration(backend, device);
    clock.forward(59.999);
    await backend.register(inTime);
    clock.forward(0.001);
    await expectCode(() => backend.register(late), 'challenge_expired');
    await expectCode(() => backend.register(late), 'challenge_used');
  });

  it('of another server, of other text, or changed is unknown', async () => {
    const backend = createBackend();
    const device = await createDevice();
    const stranger = await registration(createBackend(), device);
    await expectCode(() => backend.register(stranger), 'challenge_unknown');

    const body = await registration(backend, device);
    const texts = ['', 'x', `${body.challenge}=`, ` ${body.challenge}`, 'x'.repeat(100_000), '\0'.repeat(43)];
    for (const challenge of texts) {
      await expectCode(() => backend.register({ ...body, challenge }), 'challenge_unknown');
    }
    for (const challenge of [new Uint8Array(), new Uint8Array(31), Buffer.from(`${body.challenge}=`)]) {
      await expectCode(() => backend.register({ ...body, challenge }), 'challenge_unknown');
    }
    expect((await backend.register(body)).keyId).toBe(body.keyId);
  });

  it('must be the one that was attested', async () => {
    const backend = createBackend();
    const body = await registration(backend, await createDevice());
    const { challenge } = await backend.issueChallenge({ purpose: 'attestation' });
    await expectCode(() => backend.register({ ...body, challenge }), 'nonce_mismatch');
  });
});

describe('a key', () => {
  it.each([{ subject: 'alice' }, {}])('that is attested again for the same user %o stays as it is', async (user) => {
    const clock = new TestClock();
    const backend = createBackend({ now: clock.now, counterWindow: 64 });
    const device = await createDevice();
    const { keyId } = await backend.register(await registration(backend, device), user);
    const { key } = await backend.authenticate(await signedRequest(backend, device, keyId));
    clock.forward(60);

    const again = await attestedAgain(backend, device, keyId);
    expect(await backend.register(again, user)).toEqual({ ...key, counter: 1 });
    expect(await backend.key(keyId)).toEqual({ ...key, counter: 1 });
    await expectCode(() => backend.register(again, user), 'challenge_used');
    expect((await backend.authenticate(await signedRequest(backend, device, keyId))).key.counter).toBe(2);
  });

  it('that is attested again is verified like any other', async () => {
    const backend = createBackend();
    const device = await createDevice();
    const { keyId } = await backend.register(await registration(backend, device));
    device.misbehave({ wrongNonce: true });
    const wrong = await attestedAgain(backend, device, keyId);
    await expectCode(() => backend.register(wrong), 'nonce_mismatch');
    device.misbehave({ expiredCertificate: true });
    const expired = await attestedAgain(backend, device, keyId);
    await expectCode(() => backend.register(expired), 'certificate_expired');
  });

  it.each([
    ['of nobody', {}, { subject: 'thief' }],
    ['of a user', { subject: 'alice' }, { subject: 'thief' }],
    ['of a user', { subject: 'alice' }, {}],
  ])('%s is registered for no other: %o, then %o', async (_, first, second) => {
    const backend = createBackend();
    const device = await createDevice();
    const key = await backend.register(await registration(backend, device), first);
    const again = await attestedAgain(backend, device, key.keyId);
    await expectCode(() => backend.register(again, second), 'key_already_registered');
    expect(await backend.key(key.keyId)).toEqual(key);
  });

  it('is registered for nobody by a store that says so with null', async () => {
    const stores = memoryStores();
    const device = await createDevice();
    const backend = createBackend(stores);
    const key = await backend.register(await registration(backend, device));
    vi.spyOn(stores.keys, 'find').mockResolvedValue(Object.assign({}, key, { subject: null }));
    expect(await backend.register(await attestedAgain(backend, device, key.keyId))).toMatchObject({ keyId: key.keyId });
  });

  it('is not taken for another that a store confuses with it', async () => {
    const stores = memoryStores();
    const device = await createDevice();
    const backend = createBackend(stores);
    const key = await backend.register(await registration(backend, device));
    vi.spyOn(stores.keys, 'find').mockResolvedValue({ ...key, keyId: key.keyId.toLowerCase() });
    const again = await attestedAgain(backend, device, key.keyId);
    await expectCode(() => backend.register(again), 'key_already_registered');
  });

  it('that was deleted while it is attested again is not said to be of another user', async () => {
    const stores = memoryStores();
    const device = await createDevice();
    const backend = createBackend(stores);
    const { keyId } = await backend.register(await registration(backend, device));
    vi.spyOn(stores.keys, 'find').mockResolvedValue(undefined);
    const again = await attestedAgain(backend, device, keyId);
    const { message } = await expectCode(() => backend.register(again), 'key_already_registered');
    expect(message).toBe('the key was registered before, but the store no longer finds it');
  });

  it.each([
    ['environment_mismatch', { environment: 'development' }],
    ['app_id_mismatch', { appId: 'TEAMID1234.com.example.dropped' }],
  ] as const)('that the server accepts no longer, %s, is refused when it is attested again', async (code, changed) => {
    const stores = memoryStores();
    const device = await createDevice();
    const backend = createBackend(stores);
    const key = await backend.register(await registration(backend, device));
    vi.spyOn(stores.keys, 'find').mockResolvedValue({ ...key, ...changed });
    const request = await signedRequest(backend, device, key.keyId);
    await expectCode(() => backend.authenticate(request), code);
    const again = await attestedAgain(backend, device, key.keyId);
    await expectCode(() => backend.register(again), code);
  });

  it('is revoked only where the store says so', async () => {
    const stores = memoryStores();
    const backend = createBackend(stores);
    const { keyId } = await backend.register(await registration(backend, await createDevice()));
    for (const answer of [undefined, null, 1, false]) {
      vi.spyOn(stores.keys, 'revoke').mockResolvedValue(answer as never);
      await expectCode(() => backend.revoke(keyId), 'key_unknown');
    }
  });

  it('is inserted by one of two registrations at once, and both succeed', async () => {
    const stores = memoryStores();
    const insert = vi.spyOn(stores.keys, 'insert');
    const backend = createBackend(stores);
    const device = await createDevice();
    const first = await registration(backend, device);
    const second = await attestedAgain(backend, device, first.keyId);
    const [one, other] = await Promise.all([backend.register(first), backend.register(second)]);
    expect(one).toEqual(other);
    expect(await Promise.all(insert.mock.results.map(({ value }) => value))).toEqual([true, false]);
  });

  it('that was revoked stays out', async () => {
    const clock = new TestClock();
    const backend = createBackend({ now: clock.now });
    const device = await createDevice();
    const body = await registration(backend, device);
    await backend.register(body);
    await backend.revoke(Buffer.from(body.keyId, 'base64').toString('base64url'));
    expect((await backend.key(body.keyId))?.revokedAt).toEqual(clock.now());

    const again = await attestedAgain(backend, device, body.keyId);
    await expectCode(() => backend.register(again), 'key_revoked');
    const request = await signedRequest(backend, device, body.keyId);
    await expectCode(() => backend.authenticate(request), 'key_revoked');
  });

  it('that is not there can be neither found nor revoked', async () => {
    const backend = createBackend();
    for (const keyId of [
      await (await createDevice()).generateKey(),
      '',
      'key',
      'x'.repeat(100_000),
      7 as never,
      null as never,
    ]) {
      expect(await backend.key(keyId)).toBeUndefined();
      const error = await expectCode(() => backend.revoke(keyId), 'key_unknown');
      if (error.message !== 'the key is not registered') expect(error.message).toMatch('is not a key identifier');
    }
  });
});

describe('evidence', () => {
  it('of the other platforms of the plugin is not supported', async () => {
    const backend = createBackend();
    const { challenge } = await backend.issueChallenge({ purpose: 'attestation' });
    const android = {
      platform: 'android',
      format: 'google-play-integrity-standard',
      keyId: 'x',
      challenge,
      token: 'y',
    };
    const web = { platform: 'web', format: 'web-fallback', keyId: 'x', challenge, token: 'y' };
    for (const body of [android, web, { ...android, platform: 'ios' }, { ...web, format: 'apple-app-attest' }]) {
      const error = await expectCode(() => backend.register(body), 'unsupported_format');
      expect(error.message).toContain(body.format);
    }
  });

  const MISBEHAVIOURS = [
    ['of an expired certificate', { expiredCertificate: true }, 'certificate_expired'],
    ['for another challenge', { wrongNonce: true }, 'nonce_mismatch'],
    ['of a development build', { developmentBuild: true }, 'environment_mismatch'],
  ] as const;
  it.each(MISBEHAVIOURS)('%s is refused', async (_, misbehaviour, code) => {
    const backend = createBackend();
    const device = await createDevice();
    device.misbehave(misbehaviour);
    const body = await registration(backend, device);
    await expectCode(() => backend.register(body), code);
    expect(await backend.key(body.keyId)).toBeUndefined();
  });

  it('is judged by the policy of the server', async () => {
    const backend = createBackend({ policy: { bundleVersions: ['2'], whenAbsent: 'reject' } });
    const register = async (options: object) =>
      backend.register(await registration(backend, await createDevice(options)));
    await expectCode(() => register({ bundleVersion: '1' }), 'extension_rejected');
    await expectCode(() => register({ os: 'iOS 18' }), 'extension_missing');
    expect((await register({ bundleVersion: '2' })).extensions?.bundleVersion).toBe('2');
  });

  it('is trusted up to the roots of the server only', async () => {
    const backend = createBackend({ trustAnchors: undefined as never });
    const body = await registration(backend, await createDevice());
    await expectCode(() => backend.register(body), 'untrusted_certificate');
  });
});

describe('a body that cannot be read', () => {
  const BODIES: readonly [string, unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['text', '{}'],
    ['a number', 1],
    ['a function', () => ({})],
    ['an array', []],
    ['an empty object', {}],
    ['an object without a prototype', Object.create(null)],
  ];
  const CHANGES: readonly [string, Record<string, unknown>][] = [
    ['no key id', { keyId: undefined }],
    ['a number for a key id', { keyId: 5 }],
    ['an array for a key id', { keyId: ['a'] }],
    ['no challenge', { challenge: undefined }],
    ['an object for a challenge', { challenge: {} }],
    ['half a surrogate pair in the challenge', { challenge: '\udfff' }],
    ['no token', { token: undefined }],
    ['an array for a token', { token: [1, 2, 3] }],
    ['another legacy token', { attestation: 'AAAA' }],
    ['a legacy token of another type', { attestation: {} }],
    ['a platform that is no text', { platform: 1 }],
    ['a format that is no text', { format: { apple: true } }],
  ];
  it.each(BODIES)('%s', async (_, body) => {
    await expectCode(() => createBackend().register(body), 'malformed_attestation');
  });
  it.each(CHANGES)('%s', async (_, changes) => {
    const backend = createBackend();
    const body = await registration(backend, await createDevice());
    await expectCode(() => backend.register({ ...body, ...changes }), 'malformed_attestation');
    // It was never an answer to the challenge.
    expect((await backend.register(body)).keyId).toBe(body.keyId);
  });

  const TOKENS: readonly [string, Record<string, unknown>, AppAttestErrorCode][] = [
    ['an empty token', { token: '' }, 'malformed_attestation'],
    ['a token that is no base64', { token: '%%%' }, 'malformed_attestation'],
    ['a token of 10 MB', { token: 'A'.repeat(10 << 20) }, 'malformed_attestation'],
    ['a key id that is no base64', { keyId: '%%%' }, 'key_id_mismatch'],
    ['a key id of 10 MB', { keyId: 'A'.repeat(10 << 20) }, 'key_id_mismatch'],
    ['the key id of another key', { keyId: base64(new Uint8Array(32)) }, 'key_id_mismatch'],
  ];
  it.each(TOKENS)('%s', async (_, changes, code) => {
    const backend = createBackend();
    const body = await registration(backend, await createDevice());
    await expectCode(() => backend.register({ ...body, ...changes }), code);
  });

  it.each([null, 'alice', { subject: 7 }, { subject: undefined }, { user: 'alice' }])(
    'but options %o are the mistake of the server',
    async (options) => {
      await expectCode(() => createBackend().register({}, options as never), 'invalid_argument');
    },
  );
});

it('keeps the App Clip that the certificate names', async () => {
  const backend = createBackend();
  const body = await registration(backend, await createDevice({ appClipId: `${appId}.Clip` }));
  expect(await backend.register(body)).toMatchObject({ appId, appClipId: `${appId}.Clip` });
  expect(await backend.key(body.keyId)).toMatchObject({ appId, appClipId: `${appId}.Clip` });
});
