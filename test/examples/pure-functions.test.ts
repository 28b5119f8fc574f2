import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CertificateAuthority, createAuthority } from '../support/certificate-authority.js';
import { type Attestation, assert, attest } from '../support/evidence.js';

// The example trusts Apple's root alone; here, and nowhere else, it is made to trust the test authority.
const authority = vi.hoisted(() => ({ trustAnchors: [] as Uint8Array[], date: new Date(0) }));
vi.mock('app-attest', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/index.js')>();
  return {
    ...original,
    verifyAttestation: (options: Parameters<typeof original.verifyAttestation>[0]) => {
      return original.verifyAttestation({ ...options, ...authority });
    },
  };
});

let testAuthority: CertificateAuthority;
let server: Server;
let origin: string;
const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);

beforeAll(async () => {
  testAuthority = await createAuthority();
  const { app } = await import('../../examples/pure-functions.js');
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
beforeEach(() => warn.mockClear());

interface Answer {
  status: number;
  body: { challenge?: string; error?: string };
}

async function post(path: string, body: unknown = {}): Promise<Answer> {
  const response = await fetch(origin + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const newChallenge = async (): Promise<string> => String((await post('/challenge')).body.challenge);

async function register(challenge: string): Promise<{ device: Attestation; status: number }> {
  const device = await attest(testAuthority, { challenge });
  authority.trustAnchors = device.trustAnchors;
  authority.date = device.date;
  const token = base64(device.attestation);
  const { status } = await post('/register', { keyId: device.keyId, challenge, token });
  return { device, status };
}

async function order(device: Attestation, counter: number, sent?: string): Promise<number> {
  const payload = JSON.stringify({ challenge: await newChallenge(), item: 'coffee' });
  const token = base64(assert(device.privateKey, { payload, counter }));
  return (await post('/orders', { keyId: device.keyId, payload: sent ?? payload, token })).status;
}

describe('the example with pure functions', () => {
  it('registers a device and serves its signed requests', async () => {
    const { device, status } = await register(await newChallenge());
    expect(status).toBe(201);
    expect(await order(device, 1)).toBe(200);
    expect(await order(device, 5)).toBe(200);
    expect(warn).not.toHaveBeenCalled();
  });

  it('rejects a challenge that was used or never issued', async () => {
    const challenge = await newChallenge();
    expect((await register(challenge)).status).toBe(201);
    expect((await register(challenge)).status).toBe(401);
    expect((await register('invented')).status).toBe(401);
  });

  it('rejects a replay, a changed payload and an unknown key', async () => {
    const { device } = await register(await newChallenge());
    expect(await order(device, 3)).toBe(200);
    expect(await order(device, 3)).toBe(401);
    expect(warn).toHaveBeenLastCalledWith(expect.stringContaining('counter_not_increased'));
    expect(await order(device, 4, '{"item":"gold"}')).toBe(401);
    expect(warn).toHaveBeenLastCalledWith(expect.stringContaining('invalid_signature'));
    expect(await order(await attest(testAuthority), 1)).toBe(401);
  });

  it('rejects a second request with the same challenge', async () => {
    const { device } = await register(await newChallenge());
    const payload = JSON.stringify({ challenge: await newChallenge(), item: 'coffee' });
    const statuses: number[] = [];
    for (const counter of [1, 2]) {
      const token = base64(assert(device.privateKey, { payload, counter }));
      statuses.push((await post('/orders', { keyId: device.keyId, payload, token })).status);
    }
    expect(statuses).toEqual([200, 401]);
  });

  it.each(['{}', '[]', '{"keyId":1,"challenge":{},"token":[]}', 'no json'])(
    'answers %s with an error and no reason',
    async (body) => {
      for (const path of ['/register', '/orders']) {
        const answer = await post(path, body);
        expect(answer).toEqual({ status: 401, body: { error: 'not attested' } });
      }
    },
  );
});
