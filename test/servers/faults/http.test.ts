import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backendWithDevice, registration } from '../../support/backend.js';
import { type JsonService, startJsonService } from '../support/json-service.js';
import { PostgresServer } from '../support/postgres-server.js';
import { RedisServer } from '../support/redis-server.js';
import { SqliteFile } from '../support/sqlite-file.js';
import { openStores } from '../support/store-kinds.js';

const databases = {
  redis: async () => {
    const server = await RedisServer.start();
    const addresses = { redis: server.url, cluster: [], postgres: '', sqlite: '' };
    return { server, addresses, whileDown: (test: () => Promise<void>) => server.restart('SIGTERM', test) };
  },
  postgres: async () => {
    const server = await PostgresServer.start();
    const addresses = { redis: '', cluster: [], postgres: server.url, sqlite: '' };
    return { server, addresses, whileDown: (test: () => Promise<void>) => server.restart('SIGINT', test) };
  },
  libsql: async () => {
    const file = await SqliteFile.create();
    const addresses = { redis: '', cluster: [], postgres: '', sqlite: file.path };
    return {
      server: { stop: () => file.remove() },
      addresses,
      whileDown: (test: () => Promise<void>) => file.locked(test),
    };
  },
};

describe.each(['redis', 'postgres', 'libsql'] as const)('while %s is unavailable', (kind) => {
  let database: Awaited<ReturnType<(typeof databases)['redis' | 'postgres' | 'libsql']>>;
  let opened: Awaited<ReturnType<typeof openStores>>;
  let service: JsonService;
  let device: Awaited<ReturnType<typeof backendWithDevice>>;

  beforeAll(async () => {
    database = await databases[kind]();
    opened = await openStores(kind, database.addresses, 2);
    device = await backendWithDevice(opened.stores);
    service = await startJsonService(device.backend);
  });
  afterAll(async () => {
    await service.close();
    await opened.close();
    await database.server.stop();
  });

  it('every route responds with 503, and once the database is available again, each request is accepted once', async () => {
    const order = await device.request();
    const newKey = await registration(device.backend, device.device);
    const unavailable = { status: 503, retryAfter: '1', error: 'unavailable' };
    await database.whileDown(async () => {
      expect(await service.post('/challenge', { purpose: 'assertion' })).toEqual(unavailable);
      expect(await service.post('/registration', newKey)).toEqual(unavailable);
      expect(await service.post('/assertion', order)).toEqual(unavailable);
    });

    const challenge = () => service.post('/challenge', { purpose: 'assertion' });
    await expect.poll(challenge, { timeout: 20_000 }).toMatchObject({ status: 200 });
    expect((await service.post('/registration', newKey)).status).toBe(201);
    expect((await service.post('/registration', newKey)).error).toBe('challenge_used');
    expect((await service.post('/assertion', order)).status).toBe(200);
    expect((await service.post('/assertion', order)).error).toBe('challenge_used');
  });
});
