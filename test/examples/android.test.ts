import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AppAttestErrorCode } from '../../src/index.js';
import { createDevice } from '../support/backend.js';
import { trusting } from '../support/example-backend.js';
import { Client, challengeFrom, postJson } from '../support/http-client.js';
import { serveNode, type TestServer } from '../support/http-servers.js';
import { rejectionOf } from '../support/rejection.js';
import { FINGERPRINT, genuinePayload, VirtualGoogle } from '../support/virtual-google.js';

const { createService, playIntegrity } = await trusting(() => import('../../examples/android.js'));

let google: VirtualGoogle;
let server: TestServer;
const app = () => ({
  packageName: 'com.example.app',
  certificates: [FINGERPRINT],
  serviceAccount: google.serviceAccount,
  endpoint: google.endpoint,
});
beforeAll(async () => {
  google = await VirtualGoogle.start();
  server = await serveNode(createService(app()));
});
afterEach(() => {
  google.failure = undefined;
  google.isSilent = false;
  google.lifetime = 3599;
  vi.useRealTimers();
});
afterAll(async () => {
  await server.close();
  await google.close();
});

/** The fields that the plugin returns on Android. */
const plugin = (token: string) => ({
  platform: 'android',
  format: 'google-play-integrity-standard',
  keyId: 'android-standard-integrity',
  token,
});

const order = async (content = '{"item":"coffee"}') => {
  const payload = `POST /orders\n${await challengeFrom(`${server.origin}/app-attest`, 'assertion')}\n${content}`;
  return { ...plugin(google.token(genuinePayload(payload))), payload };
};

describe('the Android example', () => {
  it('registers an Android app, and accepts each of its requests once', async () => {
    const challenge = await challengeFrom(`${server.origin}/app-attest`, 'attestation');
    const registration = { ...plugin(google.token(genuinePayload(challenge))), challenge };
    expect(await postJson(`${server.origin}/app-attest/registration`, registration)).toMatchObject({
      status: 201,
      body: { keyId: 'android-standard-integrity' },
    });
    const request = await order();
    expect(await postJson(`${server.origin}/orders`, request)).toMatchObject({
      status: 200,
      body: { ordered: 'coffee', by: 'android 42' },
    });
    expect(await postJson(`${server.origin}/orders`, request)).toMatchObject({
      status: 401,
      body: { error: 'challenge_used' },
    });
  });

  it('registers an iPhone and accepts its requests through the same routes', async () => {
    const client = new Client(`${server.origin}/app-attest`, await createDevice());
    expect((await client.register()).status).toBe(201);
    const body = '{"item":"coffee"}';
    const headers = await client.sign('POST', '/orders', body);
    const answer = await new Client(server.origin, client.device).post('/orders', body, headers);
    expect(answer).toMatchObject({ status: 200, body: { ordered: 'coffee', by: client.keyId } });
  });

  it('rejects a request whose token was requested for another payload', async () => {
    const { payload, ...request } = await order();
    const changed = { ...request, payload: payload.replace('coffee', 'gold') };
    expect(await postJson(`${server.origin}/orders`, changed)).toMatchObject({
      status: 401,
      body: { error: 'nonce_mismatch' },
    });
  });

  it('responds with status 503 while Google is down', async () => {
    google.failure = 503;
    const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    expect(await postJson(`${server.origin}/orders`, await order())).toMatchObject({
      status: 503,
      body: { error: 'unavailable' },
    });
    await expect.poll(() => warning).toHaveBeenCalledOnce();
    expect(String(warning.mock.lastCall?.[0])).toContain('Google responded to decodeIntegrityToken with status 503');
    warning.mockRestore();
  });
});

type Payload = ReturnType<typeof genuinePayload>;

describe('a Play Integrity token', () => {
  it('is accepted if it was requested for the challenge or the payload, even if this text is not ASCII', async () => {
    const verify = playIntegrity(app());
    const device = { platform: 'android', packageName: 'com.example.app', versionCode: '42' };
    for (const text of ['a challenge', 'ein Käfer 🪲']) {
      const body = { token: google.token(genuinePayload(text)) };
      expect(await verify({ body, challenge: text })).toEqual(device);
      expect(await verify({ body, payload: text })).toEqual(device);
    }
  });

  const requestDetails = (change: object) => (payload: Payload) => ({
    ...payload,
    requestDetails: { ...payload.requestDetails, ...change },
  });
  const appIntegrity = (change: object) => (payload: Payload) => ({
    ...payload,
    appIntegrity: { ...payload.appIntegrity, ...change },
  });
  const verdicts = (deviceRecognitionVerdict: unknown) => (payload: Payload) => ({
    ...payload,
    deviceIntegrity: { deviceRecognitionVerdict },
  });
  const hash = createHash('sha256').update('payload');
  const padded = `${hash.copy().digest('base64url')}=`;

  it.each<[string, (payload: Payload) => unknown, AppAttestErrorCode]>([
    [
      'that was requested for another payload',
      requestDetails({ requestHash: genuinePayload('other').requestDetails.requestHash }),
      'nonce_mismatch',
    ],
    ['whose request hash is hex', requestDetails({ requestHash: hash.copy().digest('hex') }), 'nonce_mismatch'],
    ['whose request hash has padding', requestDetails({ requestHash: padded }), 'nonce_mismatch'],
    ['without a request hash', requestDetails({ requestHash: undefined }), 'nonce_mismatch'],
    [
      'of the Classic API',
      requestDetails({ requestHash: undefined, nonce: hash.digest('base64url') }),
      'nonce_mismatch',
    ],
    [
      'that was requested by another package',
      requestDetails({ requestPackageName: 'com.example.other' }),
      'app_id_mismatch',
    ],
    ['that is six minutes old', requestDetails({ timestampMillis: String(Date.now() - 360_000) }), 'challenge_expired'],
    [
      'whose time is two minutes in the future',
      requestDetails({ timestampMillis: String(Date.now() + 120_000) }),
      'challenge_expired',
    ],
    ['without a time', requestDetails({ timestampMillis: undefined }), 'challenge_expired'],
    ['whose time is not a number', requestDetails({ timestampMillis: 'now' }), 'challenge_expired'],
    ['of an unrecognized app', appIntegrity({ appRecognitionVerdict: 'UNRECOGNIZED_VERSION' }), 'extension_rejected'],
    [
      'of an app that was not evaluated',
      (payload) => ({ ...payload, appIntegrity: { appRecognitionVerdict: 'UNEVALUATED' } }),
      'extension_rejected',
    ],
    ['of another package', appIntegrity({ packageName: 'com.example.other' }), 'app_id_mismatch'],
    [
      'of an app with another certificate',
      appIntegrity({ certificateSha256Digest: ['AAAA'] }),
      'untrusted_certificate',
    ],
    ['of an app without a certificate', appIntegrity({ certificateSha256Digest: [] }), 'untrusted_certificate'],
    [
      'whose certificate digests are not a list',
      appIntegrity({ certificateSha256Digest: 'AAAA' }),
      'untrusted_certificate',
    ],
    ['of a device that has only basic integrity', verdicts(['MEETS_BASIC_INTEGRITY']), 'extension_rejected'],
    ['of an emulator', verdicts(['MEETS_VIRTUAL_INTEGRITY']), 'extension_rejected'],
    ['without verdicts about the device', verdicts(undefined), 'extension_rejected'],
    ['whose verdicts about the device are not a list', verdicts('MEETS_DEVICE_INTEGRITY'), 'extension_rejected'],
    [
      'that is a test response from the Play Console',
      (payload) => ({ ...payload, testingDetails: { isTestingResponse: true } }),
      'environment_mismatch',
    ],
    ['whose payload is empty', () => ({}), 'nonce_mismatch'],
    ['for which Google returns no payload', () => undefined, 'nonce_mismatch'],
  ])('%s is rejected', async (_, change, code) => {
    const token = google.token(change(genuinePayload('payload')));
    const error = await rejectionOf(() => playIntegrity(app())({ body: { token }, payload: 'payload' }));
    expect(error.code, error.message).toBe(code);
  });

  it.each([
    ['that Google cannot decode', 'AAAA'],
    ['that is missing', undefined],
    ['that is not text', { token: 'AAAA' }],
    ['that is too long', 'A'.repeat(16_385)],
  ])('%s is rejected as malformed', async (_, token) => {
    const verify = playIntegrity(app());
    await expect(verify({ body: { token }, challenge: 'text' })).rejects.toMatchObject({
      code: 'malformed_attestation',
    });
    await expect(verify({ body: { token }, payload: 'text' })).rejects.toMatchObject({ code: 'malformed_assertion' });
  });

  it('that is too long is not sent to Google', async () => {
    google.failure = 500;
    const body = { token: 'A'.repeat(16_385) };
    await expect(playIntegrity(app())({ body, payload: 'text' })).rejects.toMatchObject({
      code: 'malformed_assertion',
    });
  });
});

describe('the requests to Google', () => {
  const evidence = () => ({ body: { token: google.token(genuinePayload('payload')) }, payload: 'payload' });

  it('share one access token, even if they begin at the same time', async () => {
    google.issued = 0;
    const verify = playIntegrity(app());
    await Promise.all(Array.from({ length: 20 }, () => verify(evidence())));
    await verify(evidence());
    expect(google.issued).toBe(1);
  });

  it('use a new access token when the old token expires in less than a minute', async () => {
    google.issued = 0;
    google.lifetime = 120;
    const verify = playIntegrity(app());
    await verify(evidence());
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 59_000 });
    await verify(evidence());
    expect(google.issued).toBe(1);
    vi.setSystemTime(Date.now() + 2_000);
    await verify(evidence());
    expect(google.issued).toBe(2);
  });

  it('use a new access token after Google has rejected the old token', async () => {
    const verify = playIntegrity(app());
    await verify(evidence());
    google.revokeAccess();
    await expect(verify(evidence())).rejects.toThrow('status 401');
    await verify(evidence());
  });

  it('succeed even if Google rejected the service account before', async () => {
    const { serviceAccount } = google;
    const account = { ...serviceAccount, client_email: 'other@example.com' };
    const verify = playIntegrity({ ...app(), serviceAccount: account });
    await expect(verify(evidence())).rejects.toThrow('Google responded to the service account with status 400');
    account.client_email = serviceAccount.client_email;
    await verify(evidence());
  });

  it('fail after four seconds without a response', { timeout: 20_000 }, async () => {
    google.isSilent = true;
    await expect(playIntegrity(app())(evidence())).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it.each([403, 429, 500, 503])('cause an error without a code if Google responds with status %i', async (status) => {
    google.failure = status;
    await expect(playIntegrity(app())(evidence())).rejects.not.toHaveProperty('code');
  });
});
