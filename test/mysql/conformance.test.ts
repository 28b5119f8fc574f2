import { afterAll, beforeAll, describe, it } from 'vitest';
import { type Stores, storeConformance } from '../../src/conformance/index.js';
import { type OpenedStores, PATIENCE } from '../servers/support/store-kinds.js';
import { MariadbServer } from './mariadb-server.js';
import { openStores } from './open-stores.js';

let server: MariadbServer;
beforeAll(async () => {
  server = await MariadbServer.start();
});
afterAll(() => server.stop());

describe.each(['REPEATABLE READ', 'READ COMMITTED'])('the example on MariaDB, at the isolation level %s', (level) => {
  let servers: OpenedStores[];
  let turn = 0;
  beforeAll(async () => {
    await server.query(`SET GLOBAL TRANSACTION ISOLATION LEVEL ${level}`);
    servers = await Promise.all([1, 2].map(() => openStores(server.url, PATIENCE)));
  });
  afterAll(() => Promise.all(servers.map(({ close }) => close())));

  const nextServer = (): Stores => {
    turn += 1;
    const next = servers[turn % servers.length];
    if (!next) throw new Error('the list of servers is empty');
    return next.stores;
  };
  for (const { name, run } of storeConformance(nextServer)) it(name, run);
});
