import { afterEach, describe, expect, it, vi } from 'vitest';
import { AppAttestHttpError, type HttpOptions, httpHandlers, type Rejection } from '../../src/http/index.js';
import { AppAttestError } from '../../src/index.js';
import { memoryStores } from '../../src/server/index.js';
import {
  appId,
  backendWithDevice,
  createBackend,
  createDevice,
  registration,
  signedRequest,
} from '../support/backend.js';

const post = (path: string, body: unknown): Request => {
  const headers = { 'content-type': 'application/json' };
  return new Request(`http://localhost${path}`, { method: 'POST', body: JSON.stringify(body), headers });
};

function hearing() {
  const rejections: Rejection[] = [];
  const onReject = (rejection: Rejection) => rejections.push(rejection);
  const heard = async (): Promise<Rejection> => {
    await expect.poll(() => rejections.length).toBe(1);
    const [rejection] = rejections;
    if (!rejection) throw new Error('nothing was heard');
    return rejection;
  };
  return { onReject, heard };
}

afterEach(() => vi.restoreAllMocks());

describe('onReject', () => {
  it('receives for a protected request: code, status, key, environment, device, duration and the full reason', async () => {
    const { backend, key, request } = await backendWithDevice();
    const { onReject, heard } = hearing();
    const body = await request();
    await backend.authenticate(body);
    const { assertion } = httpHandlers(backend, { onReject });
    expect(await (await assertion(post('/pay?now', body))).json()).toEqual({ error: 'challenge_used' });
    const rejection = await heard();
    expect(rejection).toEqual({
      route: 'protected',
      code: 'challenge_used',
      status: 401,
      keyId: key.keyId,
      environment: 'production',
      device: key.device,
      duration: expect.any(Number),
      error: expect.any(AppAttestError),
      method: 'POST',
      target: '/pay?now',
    });
    expect(key.device.osVersion).toBe('27.0');
    expect(rejection.duration).toBeGreaterThan(0);
    expect(rejection.error.message).toBe('the challenge was already used');
  });

  it('receives for a registration the values that the client claims', async () => {
    const backend = createBackend();
    const { onReject, heard } = hearing();
    const device = await createDevice({ environment: 'development', os: 'iOS 17.6' });
    const body = await registration(backend, device);
    const response = await httpHandlers(backend, { onReject }).registration(post('/', body));
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 401,
      body: { error: 'environment_mismatch' },
    });
    expect(await heard()).toMatchObject({
      route: 'registration',
      keyId: body.keyId,
      environment: 'development',
      device: { osVersion: '17.6.1' },
    });
  });

  it('receives the key in the same encoding as stores, and no malformed key', async () => {
    const { backend, keyId, request } = await backendWithDevice();
    const keyIds = [Buffer.from(keyId, 'base64').toString('base64url'), 'forged\nline', 17];
    for (const [index, sent] of keyIds.entries()) {
      const { onReject, heard } = hearing();
      const body = await request();
      await backend.authenticate(body);
      await httpHandlers(backend, { onReject }).assertion(post('/', { ...body, keyId: sent }));
      expect((await heard()).keyId).toBe(index === 0 ? keyId : undefined);
    }
  });

  it('receives the error of a store, while the client receives 503 and Retry-After', async () => {
    const stores = memoryStores();
    const { backend, request } = await backendWithDevice(stores);
    const body = await request();
    const failure = new Error('connect ECONNREFUSED 10.0.0.7:6379');
    stores.challenges.take = () => Promise.reject(failure);
    const find = vi.spyOn(stores.keys, 'find');
    const { onReject, heard } = hearing();
    const response = await httpHandlers(backend, { onReject }).assertion(post('/', body));
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.json()).toEqual({ error: 'unavailable' });
    const { error } = await heard();
    expect(error).toBeInstanceOf(AppAttestHttpError);
    expect(error.cause).toBe(failure);
    expect(error.message).toContain('ECONNREFUSED');
    expect(find, 'a store that just failed is not asked again').not.toHaveBeenCalled();
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('the log is full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('the log is full'))],
    ['never ends', () => new Promise(() => undefined)],
  ])('that %s changes no response', async (_, onReject) => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const response = await httpHandlers(createBackend(), { onReject }).challenge(post('/', {}));
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 400,
      body: { error: 'malformed_request' },
    });
    if (_ !== 'never ends') await expect.poll(() => warn.mock.calls.length).toBe(1);
  });

  it('is replaced by a process warning only if the server is at fault', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const stores = memoryStores();
    const handlers = httpHandlers(createBackend(stores));
    await handlers.challenge(post('/', {}));
    expect(warn).not.toHaveBeenCalled();
    stores.challenges.put = () => Promise.reject(new Error('gone'));
    await handlers.challenge(post('/', { purpose: 'assertion' }));
    await expect.poll(() => warn.mock.calls.length).toBe(1);
    expect(warn.mock.calls.map(([warning]) => String(warning))).toEqual([expect.stringContaining('gone')]);
  });
});

describe('a rejection', () => {
  it('for a method other than POST names the allowed method', async () => {
    const { challenge, registration: register } = httpHandlers(createBackend());
    for (const handler of [challenge, register]) {
      const response = await handler(new Request('http://localhost/?purpose=assertion'));
      expect({ status: response.status, body: await response.json() }).toEqual({
        status: 405,
        body: { error: 'method_not_allowed' },
      });
      expect(response.headers.get('allow')).toBe('POST');
    }
  });

  it('contains only its code', async () => {
    const { backend, device, keyId } = await backendWithDevice();
    const body = await signedRequest(backend, device, keyId);
    const response = await httpHandlers(backend).assertion(
      post('/', { ...body, payload: body.payload.replace('c', 'd') }),
    );
    expect(await response.text()).toMatch(/^\{"error":"\w+"\}$/);
  });

  it('for a second registration is a conflict', async () => {
    const backend = createBackend();
    const device = await createDevice();
    const keyId = await device.generateKey();
    const { registration: register } = httpHandlers(backend);
    const { challenge } = await backend.issueChallenge({ purpose: 'attestation' });
    const body = await device.capacitor.createAttestation({ keyId, challenge });
    expect((await register(post('/', body))).status).toBe(201);
    // These stores contain the challenge as unused, so the copy of the request reaches the key store.
    const stores = memoryStores();
    const key = await backend.key(keyId);
    if (!key) throw new Error('the key is not there');
    await stores.keys.insert({ ...key, subject: 'another user' });
    await stores.challenges.put(challenge, { purpose: 'attestation', expiresAt: new Date(Date.now() + 60_000) });
    const response = await httpHandlers(createBackend(stores)).registration(post('/', body));
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 409,
      body: { error: 'key_already_registered' },
    });
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no session');
      },
      503,
    ],
    ['returns an invalid subject', () => '', 500],
  ])('is sent if the subject function %s', async (_, subject, status) => {
    const { backend, request } = await backendWithDevice();
    const { onReject } = hearing();
    const response = await httpHandlers(backend, { subject, onReject }).assertion(post('/', await request()));
    expect(response.status).toBe(status);
  });
});

describe('the options', () => {
  const WRONG: readonly [string, Record<string, unknown>][] = [
    ['an unknown name', { onreject: () => undefined }],
    ['signed', { signed: 'path' }],
    ['onReject', { onReject: 'log' }],
    ['subject', { subject: 'alice' }],
    ['publicTarget', { publicTarget: '/api' }],
    ['bodyLimit', { bodyLimit: '1mb' }],
    ['an infinite bodyLimit', { bodyLimit: Number.POSITIVE_INFINITY }],
    ['registrationLimit', { registrationLimit: 0 }],
    ['bodyTimeout', { bodyTimeout: Number.NaN }],
    ['bodyTimeout that overflows a timer', { bodyTimeout: 3_000_000 }],
    ['decisionTimeout that overflows a timer', { decisionTimeout: 2_147_484 }],
    ['decisionTimeout', { decisionTimeout: 0 }],
    ['bodyBudget that is smaller than one body', { bodyBudget: 1 << 21 }],
    ['undefined as the subject, as from a failed lookup', { subject: undefined }],
    ['an unknown header', { headers: { keyID: 'x' } }],
    ['a header that is not text', { headers: { keyId: 1 } }],
    ['a header that already has a meaning', { headers: { challenge: 'content-digest' } }],
    ['an invalid header name', { headers: { keyId: 'key id' } }],
    ['one header name for both headers', { headers: { keyId: 'x', assertion: 'X' } }],
  ];
  it.each(WRONG)('rejects %s', (_, options) => {
    const wrong: HttpOptions<Request> = options;
    expect(() => httpHandlers(createBackend(), wrong)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });

  it('are named in errors, together with the function', () => {
    const options = (wrong: Record<string, unknown>): HttpOptions<Request> => wrong;
    expect(() => httpHandlers(createBackend(), options({ bodylimit: 1 }))).toThrow(
      'httpHandlers has no option "bodylimit"',
    );
    expect(() => httpHandlers(createBackend(), options({ subject: undefined }))).toThrow(
      'the option subject of httpHandlers is undefined',
    );
  });

  it('may be undefined if that weakens no check', () => {
    const options: HttpOptions<Request> = {
      signed: undefined,
      onReject: undefined,
      headers: { keyId: undefined, assertion: undefined, challenge: undefined },
      bodyLimit: undefined,
      registrationLimit: undefined,
      bodyBudget: undefined,
      bodyTimeout: undefined,
      decisionTimeout: undefined,
      publicTarget: undefined,
    };
    expect(() => httpHandlers(createBackend(), options)).not.toThrow();
    expect(() =>
      httpHandlers(createBackend(), { ...options, bodyTimeout: 2_147_483, bodyLimit: 1 << 28 }),
    ).not.toThrow();
  });

  it('are rejected without a backend', () => {
    const nothing: unknown = { appId };
    // @ts-expect-error a JavaScript user's mistake
    expect(() => httpHandlers(nothing)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });
});
