import { describe, inject } from 'vitest';
import { testKilledProcesses, testKilledServer } from './support/acknowledged.js';
import { PostgresServer } from './support/postgres-server.js';
import { RedisServer } from './support/redis-server.js';
import { storeKinds } from './support/store-kinds.js';

const none = { redis: '', cluster: [], postgres: '', sqlite: '' };

describe.each(storeKinds)('on %s', (kind) => testKilledProcesses(kind, () => inject('addresses')));

testKilledServer('postgres', PostgresServer.start, ({ url }) => ({ ...none, postgres: url }));
testKilledServer(
  'redis',
  () => RedisServer.start(),
  ({ url }) => ({ ...none, redis: url }),
);
