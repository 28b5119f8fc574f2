import { afterAll, afterEach, expect, it, vi } from 'vitest';
import { createDevice } from '../support/backend.js';
import { trusting } from '../support/example-backend.js';
import { Client, challengeFrom } from '../support/http-client.js';
import { serveNode } from '../support/http-servers.js';
import { signedHeaders } from '../support/signed-headers.js';

const { app, followRollout, rollout } = await trusting(() => import('../../examples/rollout.js'));
const server = await serveNode(app);
afterAll(() => server.close());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const body = '{"item":"coffee"}';
const old = { 'x-app-build': '1199' };
const recent = { 'x-app-build': '1200' };

async function installation() {
  const client = new Client(`${server.origin}/app-attest`, await createDevice());
  expect((await client.register()).status).toBe(201);
  const orders = new Client(server.origin, client.device);
  const sign = async () => {
    const challenge = await challengeFrom(client.origin, 'assertion');
    return signedHeaders(client.device, client.keyId, { method: 'POST', target: '/orders', challenge, body });
  };
  const order = async (headers: Record<string, string>) => {
    const { status, body: answered } = await orders.post('/orders', body, headers);
    return [status, answered.error ?? Reflect.get(answered, 'by')];
  };
  const forged = { 'x-app-attest-key-id': client.keyId, 'x-app-attest-assertion': 'AAAA' };
  return { keyId: client.keyId, sign, order, forged };
}

it('the rollout example only reports, then enforces for a share of the keys, then for all requests, and then only reports', async () => {
  const { keyId, sign, order, forged } = await installation();
  expect(await order({ ...(await sign()), ...recent })).toEqual([200, keyId]);
  expect(await order({ ...forged, ...recent })).toEqual([200, 'challenge_unknown']);
  expect(await order(old)).toEqual([200, 'assertion_missing']);

  rollout.percentage = 100;
  expect(await order({ ...(await sign()), ...recent })).toEqual([200, keyId]);
  expect(await order({ ...forged, ...recent })).toEqual([401, 'challenge_unknown']);
  expect(await order({ ...forged, ...old })).toEqual([200, 'challenge_unknown']);
  expect(await order(recent)).toEqual([200, 'assertion_missing']);

  rollout.percentage = 50;
  let enforced = 0;
  for (let index = 0; index < 200; index += 1) {
    const random = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64');
    const [status] = await order({ ...forged, ...recent, 'x-app-attest-key-id': random });
    enforced += status === 401 ? 1 : 0;
  }
  expect(enforced).toBeGreaterThan(60);
  expect(enforced).toBeLessThan(140);

  rollout.everything = true;
  for (const headers of [old, recent, forged]) expect((await order(headers))[0]).toBe(401);
  expect(await order(await sign())).toEqual([200, keyId]);

  rollout.everything = false;
  rollout.percentage = 0;
  expect(await order({ ...forged, ...recent })).toEqual([200, 'challenge_unknown']);
});

it('the rollout example reads the state every ten seconds, and keeps the last valid state if a read fails', async () => {
  vi.useFakeTimers({ toFake: ['setInterval'] });
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const state = { firstBuild: 1300, percentage: 10, everything: false };
  const read = vi.fn(async () => state);
  await followRollout(read);
  expect(rollout).toEqual(state);
  for (const malformed of [{ ...state, percentage: Number.NaN }, JSON.parse('{"firstBuild":1300}')]) {
    read.mockResolvedValueOnce(malformed);
    await vi.advanceTimersByTimeAsync(10_000);
  }
  read.mockRejectedValueOnce(new Error('the database is down'));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(warn).toHaveBeenCalledTimes(3);
  expect(rollout).toEqual(state);
  read.mockResolvedValueOnce({ ...state, percentage: 50 });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(rollout).toEqual({ ...state, percentage: 50 });
});

it('followRollout of the rollout example rejects if the first read fails', async () => {
  await expect(followRollout(() => Promise.reject(new Error('the database is down')))).rejects.toThrow('database');
});
