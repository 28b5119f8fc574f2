import { describe, inject } from 'vitest';
import { testKilledProcesses, testKilledServer, testPromotedStandby } from './support/acknowledged.js';
import { PostgresServer } from './support/postgres-server.js';
import { isInstalled, RedisServer } from './support/redis-server.js';
import { storeKinds } from './support/store-kinds.js';

const none = { redis: '', cluster: [], postgres: '', sqlite: '' };

describe.each(storeKinds)('on %s,', (kind) => testKilledProcesses(kind, () => inject('addresses')));

testKilledServer('PostgreSQL', 'postgres', PostgresServer.start, ({ url }) => ({ ...none, postgres: url }));

for (const program of ['redis-server', 'valkey-server'] as const) {
  describe.skipIf(!isInstalled(program))(`if ${program} is installed,`, () => {
    const startServer = () => RedisServer.startProgram(program);
    testKilledServer(program, 'redis', startServer, ({ url }) => ({ ...none, redis: url }));
  });
}

testPromotedStandby((url) => ({ ...none, postgres: url }));
