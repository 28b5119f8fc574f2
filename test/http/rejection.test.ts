import { describe, expect, it } from 'vitest';
import { type HttpOptions, httpHandlers } from '../../src/http/index.js';
import { memoryStores } from '../../src/server/index.js';
import { appId, backendWithDevice, createBackend, createDevice, signedRequest } from '../support/backend.js';

const post = (path: string, body: unknown): Request => {
  const headers = { 'content-type': 'application/json' };
  return new Request(`http://localhost${path}`, { method: 'POST', body: JSON.stringify(body), headers });
};

describe('a rejection', () => {
  it('of a method other than POST names the allowed method in the header Allow', async () => {
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

  it('has a response body that contains only the code', async () => {
    const { backend, device, keyId } = await backendWithDevice();
    const body = await signedRequest(backend, device, keyId);
    const response = await httpHandlers(backend).assertion(
      post('/', { ...body, payload: body.payload.replace('c', 'd') }),
    );
    expect(await response.text()).toMatch(/^\{"error":"\w+"\}$/);
  });

  it('of a registration whose key another user already registered has status 409', async () => {
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
    if (!key) throw new Error('the backend does not know the key that it registered');
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
  ])('is the response if the subject function %s', async (_, subject, status) => {
    const { backend, request } = await backendWithDevice();
    const response = await httpHandlers(backend, { subject, onDecision: () => undefined }).assertion(
      post('/', await request()),
    );
    expect(response.status).toBe(status);
  });
});

describe('the options of httpHandlers', () => {
  const WRONG: readonly [string, Record<string, unknown>][] = [
    ['an unknown option', { onreject: () => undefined }],
    ['an unknown value of signed', { signed: 'path' }],
    ['an onDecision that is not a function', { onDecision: 'log' }],
    ['an unknown mode', { mode: 'observe' }],
    ['a promise as the mode', { mode: Promise.resolve('report') }],
    ['a value of lookUpKeys that is not a boolean', { lookUpKeys: 'yes' }],
    ['a value of capsules that is not a boolean', { capsules: 1 }],
    ['a subject that is not a function', { subject: 'alice' }],
    ['a publicTarget that is not a function', { publicTarget: '/api' }],
    ['a bodyLimit that is not a number', { bodyLimit: '1mb' }],
    ['an infinite bodyLimit', { bodyLimit: Number.POSITIVE_INFINITY }],
    ['a registrationLimit of zero', { registrationLimit: 0 }],
    ['a bodyTimeout of NaN', { bodyTimeout: Number.NaN }],
    ['a bodyTimeout that overflows a timer', { bodyTimeout: 3_000_000 }],
    ['a decisionTimeout that overflows a timer', { decisionTimeout: 2_147_484 }],
    ['a decisionTimeout of zero', { decisionTimeout: 0 }],
    ['a bodyBudget below four times bodyLimit', { bodyBudget: 1 << 21 }],
    ['an undefined subject', { subject: undefined }],
    ['an unknown key in headers', { headers: { keyID: 'x' } }],
    ['a header name that is not text', { headers: { keyId: 1 } }],
    ['Content-Digest as the name of another header', { headers: { challenge: 'content-digest' } }],
    ['an invalid header name', { headers: { keyId: 'key id' } }],
    ['one name for two headers', { headers: { keyId: 'x', assertion: 'X' } }],
  ];
  it.each(WRONG)('are rejected if they contain %s', (_, options) => {
    const wrong: HttpOptions<Request> = options;
    expect(() => httpHandlers(createBackend(), wrong)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });

  it('are named in error messages, together with the function httpHandlers', () => {
    const options = (wrong: Record<string, unknown>): HttpOptions<Request> => wrong;
    expect(() => httpHandlers(createBackend(), options({ bodylimit: 1 }))).toThrow(
      'httpHandlers has no option "bodylimit"',
    );
    expect(() => httpHandlers(createBackend(), options({ subject: undefined }))).toThrow(
      'the option subject of httpHandlers is undefined',
    );
  });

  it('may be undefined, except the option subject', () => {
    const options: HttpOptions<Request> = {
      signed: undefined,
      mode: undefined,
      onDecision: undefined,
      lookUpKeys: undefined,
      capsules: undefined,
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
});

it('httpHandlers rejects a first argument that is not the result of createAppAttest', () => {
  const nothing: unknown = { appId };
  // @ts-expect-error a mistake that is possible only in JavaScript
  expect(() => httpHandlers(nothing)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
});
