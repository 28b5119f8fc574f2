import { describe, expect, it } from 'vitest';
import { appId, createBackend, createDevice, registration, sha256, TestClock } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';

describe('a registration', () => {
  it('from the plugin is accepted, and its key is returned and stored', async () => {
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
      device: expect.objectContaining({ platform: 'iphoneos', osVersion: '27.0' }),
      extensions: { validationCategory: 4, bundleVersion: '42' },
      createdAt: clock.now(),
      receiptDueAt: expect.any(Date),
    });
    expect((await backend.receipt(key.keyId))?.length).toBeGreaterThan(1000);
    expect(await backend.key(key.keyId)).toEqual(key);
  });

  it('from an older operating system and without a user yields a key without extensions and subject', async () => {
    const backend = createBackend();
    const key = await backend.register(await registration(backend, await createDevice({ os: 'iOS 17.2' })));
    expect(Object.keys(key)).not.toContain('extensions');
    expect(Object.keys(key)).not.toContain('subject');
  });

  it('is accepted with the field attestation, without platform and format, and with bytes, base64url or unknown fields', async () => {
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

  it('is stored with its key identifier in base64, even if the keyId of the body is base64url', async () => {
    const backend = createBackend();
    const body = await registration(backend, await createDevice());
    const spelling = Buffer.from(body.keyId, 'base64').toString('base64url');
    expect((await backend.register({ ...body, keyId: spelling })).keyId).toBe(body.keyId);
    expect((await backend.key(spelling))?.keyId).toBe(body.keyId);
  });

  it('from an app that hashed the 32 bytes of the challenge is accepted with these bytes as the challenge', async () => {
    const backend = createBackend();
    const device = await createDevice();
    const { challenge } = await backend.issueChallenge({ purpose: 'attestation' });
    const bytes = Buffer.from(challenge, 'base64url');
    const keyId = await device.generateKey();
    const token = await device.attestKey(keyId, sha256(bytes));
    expect((await backend.register({ keyId, challenge: bytes, token })).keyId).toBe(keyId);
  });
});

describe('evidence', () => {
  it('from the plugin on Android and on the web is not supported', async () => {
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
    ['with an expired certificate', { expiredCertificate: true }, 'certificate_expired'],
    ['for another challenge', { wrongNonce: true }, 'nonce_mismatch'],
    ['of a development build', { developmentBuild: true }, 'environment_mismatch'],
  ] as const;
  it.each(MISBEHAVIOURS)('%s is rejected', async (_, misbehaviour, code) => {
    const backend = createBackend();
    const device = await createDevice();
    device.misbehave(misbehaviour);
    const body = await registration(backend, device);
    await expectCode(() => backend.register(body), code);
    expect(await backend.key(body.keyId)).toBeUndefined();
  });

  it('is accepted only if its extensions meet the policy of the server', async () => {
    const backend = createBackend({ policy: { bundleVersions: ['2'], whenAbsent: 'reject' } });
    const register = async (options: object) =>
      backend.register(await registration(backend, await createDevice(options)));
    await expectCode(() => register({ bundleVersion: '1' }), 'extension_rejected');
    await expectCode(() => register({ os: 'iOS 18' }), 'extension_missing');
    expect((await register({ bundleVersion: '2' })).extensions?.bundleVersion).toBe('2');
  });

  it('is rejected if its root is not a trust anchor of the server', async () => {
    const backend = createBackend({ trustAnchors: undefined as never });
    const body = await registration(backend, await createDevice());
    await expectCode(() => backend.register(body), 'untrusted_certificate');
  });
});

it('a key of an App Clip is stored with the identifier of the App Clip', async () => {
  const backend = createBackend();
  const body = await registration(backend, await createDevice({ appClipId: `${appId}.Clip` }));
  expect(await backend.register(body)).toMatchObject({ appId, appClipId: `${appId}.Clip` });
  expect(await backend.key(body.keyId)).toMatchObject({ appId, appClipId: `${appId}.Clip` });
});
