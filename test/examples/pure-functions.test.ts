import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createBackend } from '../../examples/pure-functions.js';
import { AppAttestError } from '../../src/index.js';
import { createVirtualApple, type VirtualDevice } from '../../src/testing/index.js';

/** If set, the next verification throws this error instead of returning a result. */
const failure = vi.hoisted(() => ({ next: undefined as Error | undefined }));
vi.mock('app-attest', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/index.js')>();
  return {
    ...original,
    verifyAttestation: (options: Parameters<typeof original.verifyAttestation>[0]) => {
      const { next } = failure;
      failure.next = undefined;
      return next ? Promise.reject(next) : original.verifyAttestation(options);
    },
  };
});

const appId = 'TEAMID1234.com.example.app';
const apple = await createVirtualApple();
const server = createBackend(apple.trustAnchors).listen(0, '127.0.0.1');
await once(server, 'listening');
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);

afterAll(() => server.close());
beforeEach(() => warn.mockClear());

interface Answer {
  status: number;
  retryAfter: string | null;
  body: { challenge?: string; error?: string };
}

async function post(path: string, body: unknown = {}): Promise<Answer> {
  const response = await fetch(origin + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const { status, headers } = response;
  return { status, retryAfter: headers.get('retry-after'), body: (await response.json()) as Answer['body'] };
}

const newChallenge = async (): Promise<string> => String((await post('/challenge')).body.challenge);
const base64url = (keyId: string): string => Buffer.from(keyId, 'base64').toString('base64url');

async function newDevice(): Promise<{ device: VirtualDevice; keyId: string }> {
  const device = await apple.createDevice({ appId });
  return { device, keyId: (await device.capacitor.prepare()).keyId };
}

async function register(challenge: string) {
  const { device, keyId } = await newDevice();
  const answer = await post('/register', await device.capacitor.createAttestation({ keyId, challenge }));
  return { device, keyId, ...answer };
}

async function signOrder(device: VirtualDevice, keyId: string, line = 'POST /orders', content = '{"item":"coffee"}') {
  return device.capacitor.createAssertion({ keyId, payload: `${line}\n${await newChallenge()}\n${content}` });
}

describe('the example with pure functions', () => {
  it('registers a device and serves its signed requests', async () => {
    const { device, keyId, status } = await register(await newChallenge());
    expect(status).toBe(201);
    expect(await post('/orders', await signOrder(device, keyId))).toMatchObject({ body: { ordered: 'coffee' } });
    const pretty = await signOrder(device, keyId, 'POST /orders', '{\n  "item": "tea"\n}');
    expect(await post('/orders', pretty)).toMatchObject({ body: { ordered: 'tea' } });
    expect(warn).not.toHaveBeenCalled();
  });

  it('registers a key by its base64url identifier, and then finds the key by its base64url or base64 identifier', async () => {
    const { device, keyId } = await newDevice();
    const challenge = await newChallenge();
    const { token } = await device.capacitor.createAttestation({ keyId, challenge });
    const registration = await post('/register', { keyId: base64url(keyId), challenge, token });
    expect(registration).toMatchObject({ status: 201, body: { keyId } });
    for (const named of [base64url(keyId), keyId]) {
      expect((await post('/orders', { ...(await signOrder(device, keyId)), keyId: named })).status).toBe(200);
    }
  });

  it('rejects a registration if its challenge was already used or never issued', async () => {
    const challenge = await newChallenge();
    expect((await register(challenge)).status).toBe(201);
    expect((await register(challenge)).status).toBe(401);
    expect((await register('invented')).status).toBe(401);
  });

  it('deletes expired challenges, and rejects a registration with such a challenge', async () => {
    const challenge = await newChallenge();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 6 * 60_000 });
    try {
      const deleted = vi.spyOn(Map.prototype, 'delete');
      await newChallenge();
      expect(deleted).toHaveBeenCalledWith(challenge);
      deleted.mockRestore();
      expect((await register(challenge)).status).toBe(401);
    } finally {
      vi.useRealTimers();
    }
  });

  it('rejects a replayed request, a token for another payload and an unknown key', async () => {
    const { device, keyId } = await register(await newChallenge());
    const order = await signOrder(device, keyId);
    expect((await post('/orders', order)).status).toBe(200);
    expect((await post('/orders', order)).status).toBe(401);
    expect(warn).toHaveBeenLastCalledWith(expect.stringContaining('counter_not_increased'));
    const { token } = await signOrder(device, keyId);
    expect((await post('/orders', { ...order, token })).status).toBe(401);
    expect(warn).toHaveBeenLastCalledWith(expect.stringContaining('invalid_signature'));
    expect((await post('/orders', { ...order, keyId: (await newDevice()).keyId })).status).toBe(401);
  });

  it('rejects the second of two requests that contain the same challenge', async () => {
    const { device, keyId } = await register(await newChallenge());
    const { payload } = await signOrder(device, keyId);
    const statuses: number[] = [];
    for (let request = 0; request < 2; request += 1) {
      const order = await device.capacitor.createAssertion({ keyId, payload });
      statuses.push((await post('/orders', order)).status);
    }
    expect(statuses).toEqual([200, 401]);
  });

  it.each(['PUT /orders', 'POST /refunds', ''])(
    'rejects POST /orders if the payload was signed for %j',
    async (line) => {
      const { device, keyId } = await register(await newChallenge());
      expect((await post('/orders', await signOrder(device, keyId, line))).status).toBe(401);
    },
  );

  it.each([
    ['{}', 401],
    ['[]', 401],
    ['{"keyId":1,"challenge":{},"token":[]}', 401],
    ['{"keyId":"\\ud800","challenge":"\\ud800"}', 401],
    ['no json', 400],
  ])('gives no reason in its response to the body %s', async (body, status) => {
    for (const path of ['/register', '/orders']) {
      expect(await post(path, body)).toMatchObject({ status, body: { error: 'rejected' } });
    }
  });

  it.each([
    ['the code overloaded', new AppAttestError('overloaded', 'too many', { retryAfter: 5 }), 503, '5'],
    ['the code invalid_argument', new AppAttestError('invalid_argument', 'the call is wrong'), 500, null],
    ['an error of the database', new Error('connection lost'), 500, null],
  ])('responds to %s with a 5xx status', async (_, error, status, retryAfter) => {
    failure.next = error;
    expect(await register(await newChallenge())).toMatchObject({ status, retryAfter, body: { error: 'rejected' } });
  });
});
