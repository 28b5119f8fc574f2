import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serviceByHand } from '../../bench/server/by-hand/service-by-hand.js';
import type { StoresByHand } from '../../bench/server/by-hand/stores.js';
import type { VirtualDevice } from '../../src/testing/index.js';
import { appId, createBackend, createDevice, registration } from '../support/backend.js';

const BODY = JSON.stringify({ item: 'coffee' });

/** Tests that the service by hand makes all its checks. A comparison with a service that omits checks would prove nothing. */
export function describeServiceByHand(place: string, open: () => Promise<StoresByHand>, close = async () => {}): void {
  describe(`the service by hand with its state in ${place}`, () => {
    let stores: StoresByHand;
    let device: VirtualDevice;
    let keyId: string;
    let issued = 0;

    beforeAll(async () => {
      stores = await open();
      device = await createDevice();
      keyId = await register(device);
    });

    afterAll(() => close());

    async function register(owner: VirtualDevice): Promise<string> {
      const backend = createBackend();
      const key = await backend.register(await registration(backend, owner));
      await stores.insert({ keyId: key.keyId, publicKey: key.publicKey, counter: 0 });
      return key.keyId;
    }

    async function signed(signer = device, key = keyId, body = BODY): Promise<Record<string, string>> {
      issued += 1;
      const challenge = Buffer.alloc(32, `${issued} ${place}.`).toString('base64url');
      await stores.put(challenge);
      return signer.signRequest({ method: 'POST', target: '/orders', body, challenge, keyId: key });
    }

    async function send(headers: Record<string, string>, body = BODY) {
      const request = supertest(serviceByHand(stores, appId)).post('/orders').set('content-type', 'application/json');
      const response = await request.set(headers).send(body);
      return { status: response.status, body: response.body };
    }

    const accepted = { status: 201, body: { ordered: 'coffee' } };
    const rejected = { status: 401, body: { error: 'refused' } };

    it('accepts signed requests', async () => {
      expect(await send(await signed())).toEqual(accepted);
      expect(await send(await signed())).toEqual(accepted);
    });

    it('rejects a replay', async () => {
      const headers = await signed();
      expect(await send(headers)).toEqual(accepted);
      expect(await send(headers)).toEqual(rejected);
    });

    it('accepts only one of several identical requests that arrive at the same time', async () => {
      const headers = await signed();
      const responses = await Promise.all(Array.from({ length: 8 }, () => send(headers)));
      expect(responses.filter(({ status }) => status === 201)).toHaveLength(1);
    });

    it('takes each challenge at most once from its store', async () => {
      await stores.put('once');
      expect(await Promise.all([stores.take('once'), stores.take('once')])).toContain(false);
      expect(await stores.take('once')).toBe(false);
    });

    it('rejects a challenge that was not issued', async () => {
      const challenge = Buffer.alloc(32, 'never').toString('base64url');
      expect(
        await send(await device.signRequest({ method: 'POST', target: '/orders', body: BODY, challenge, keyId })),
      ).toEqual(rejected);
    });

    it('rejects a signature for another challenge', async () => {
      const [one, other] = [await signed(), await signed()];
      const mixed = { ...other, 'X-App-Attest-Challenge': one['X-App-Attest-Challenge'] ?? '' };
      expect(await send(mixed)).toEqual(rejected);
    });

    it('rejects the signature of another key', async () => {
      const other = await createDevice();
      const otherKeyId = await register(other);
      const headers = await signed(other, otherKeyId);
      expect(await send({ ...headers, 'X-App-Attest-Key-Id': keyId })).toEqual(rejected);
    });

    it('rejects a counter that is not higher than the stored counter', async () => {
      const [lower, higher] = [await signed(), await signed()];
      expect(await send(higher)).toEqual(accepted);
      expect(await send(lower)).toEqual(rejected);
    });

    it('stores a counter only for a registered key, and only if it is higher than the stored counter', async () => {
      const { counter } = (await stores.find(keyId)) ?? { counter: Number.NaN };
      expect(await stores.advance(keyId, counter)).toBe(false);
      const both = [stores.advance(keyId, counter + 1), stores.advance(keyId, counter + 1)];
      expect((await Promise.all(both)).toSorted()).toEqual([false, true]);
      expect(await stores.advance('unknown', 1)).toBe(false);
      device = await createDevice();
      keyId = await register(device);
    });

    it('rejects a key that is not registered', async () => {
      const other = await createDevice();
      const backend = createBackend();
      const { keyId: unregistered } = await backend.register(await registration(backend, other));
      expect(await send(await signed(other, unregistered))).toEqual(rejected);
    });

    it('rejects the key of another app', async () => {
      const other = 'TEAMID6666.com.example.copy';
      const copy = await createDevice({ appId: other });
      const backend = createBackend({ appId: other });
      const key = await backend.register(await registration(backend, copy));
      await stores.insert({ keyId: key.keyId, publicKey: key.publicKey, counter: 0 });
      expect(await send(await signed(copy, key.keyId))).toEqual(rejected);
    });

    it('rejects a changed body', async () => {
      expect(await send(await signed(), JSON.stringify({ item: 'gold' }))).toEqual(rejected);
    });

    it('rejects a signed body of more than 100 KiB', async () => {
      const body = JSON.stringify({ item: 'coffee', note: 'x'.repeat(100 * 1024) });
      expect(await send(await signed(device, keyId, body), body)).toEqual(rejected);
    });

    it('rejects a request without an assertion', async () => {
      expect(await send({})).toEqual(rejected);
    });
  });
}
