import { expect, it, onTestFinished } from 'vitest';
import { openIoRedisSentinel } from '../../examples/ioredis.js';
import { openRedisSentinel } from '../../examples/redis-sentinel.js';
import type { AppAttest } from '../../src/server/index.js';
import { backendWithDevice } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';
import { RedisSentinel } from './support/redis-sentinel.js';

const clients = {
  redis: async ({ name, port }: RedisSentinel) => {
    const { client, stores } = await openRedisSentinel(name, [{ host: '127.0.0.1', port }]);
    onTestFinished(() => client.destroy());
    return stores;
  },
  ioredis: async ({ name, port }: RedisSentinel) => {
    const { client, stores } = await openIoRedisSentinel(name, [{ host: '127.0.0.1', port }]);
    onTestFinished(() => client.disconnect());
    return stores;
  },
};

it.each(['redis', 'ioredis'] as const)(
  'a client of %s follows Sentinel to the server that takes over, and no challenge or counter is lost',
  async (kind) => {
    const sentinel = await RedisSentinel.start('--min-replicas-to-write', '1', '--min-replicas-max-lag', '2');
    onTestFinished(() => sentinel.stop());
    const { backend, keyId, request } = await backendWithDevice(await clients[kind](sentinel));
    const [used, unused] = [await request(), await request()];
    await backend.authenticate(used);
    await sentinel.killPrimary();
    await expect(issue(backend)).rejects.toThrow();
    await expect.poll(() => issue(backend).then(Boolean, String), { timeout: 30_000 }).toBe(true);

    expect((await backend.key(keyId))?.counter).toBe(1);
    await expectCode(() => backend.authenticate(used), 'challenge_used');
    await backend.authenticate(unused);
    await expectCode(() => backend.authenticate(unused), 'challenge_used');
  },
);

function issue(backend: AppAttest): Promise<unknown> {
  return backend.issueChallenge({ purpose: 'assertion' });
}
