import { expect, it } from 'vitest';
import { memoryStores } from '../../src/server/index.js';
import { backendWithDevice, createBackend } from '../support/backend.js';
import { observed } from '../support/observed-stores.js';
import { expectCode } from '../support/rejection.js';

it('a request takes its challenge and finds its key in one round, and stores its counter in the next', async () => {
  const { stores, rounds } = observed(memoryStores());
  const { backend, request } = await backendWithDevice(stores);
  const body = await request();
  rounds.splice(0);
  await backend.authenticate(body);
  expect(rounds).toEqual([['take', 'find'], ['advance']]);
});

it('a request without a well-formed challenge reaches no store', async () => {
  const { stores, rounds } = observed(memoryStores());
  const { backend, request } = await backendWithDevice(stores);
  const body = await request();
  rounds.splice(0);
  await expectCode(() => backend.authenticate({ ...body, payload: 'coffee' }), 'challenge_unknown');
  expect(rounds).toEqual([]);
});

it.each(['take', 'find'])(
  'a request whose challenge and key are both rejected gets the code for its challenge, even if %s is slow',
  async (slow) => {
    const stores = memoryStores();
    const { backend, keyId, request } = await backendWithDevice(stores);
    const { stores: slowed } = observed(stores, (method) => (method === slow ? 10 : 0));
    const server = createBackend(slowed);
    const [used, lost] = [await request(), await request()];
    await server.authenticate(used);
    await backend.revoke(keyId);
    await expectCode(() => server.authenticate(used), 'challenge_used');
    await expectCode(() => server.authenticate({ ...lost, keyId: Buffer.alloc(32).toString('base64') }), 'key_unknown');
    await expectCode(() => server.authenticate(lost), 'challenge_used');
  },
);
