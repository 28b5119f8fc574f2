import { afterAll, beforeAll, describe, inject, it } from 'vitest';
import { type Stores, storeConformance } from '../../src/conformance/index.js';
import { type OpenedStores, openStores, PATIENCE, storeKinds } from './support/store-kinds.js';

describe.each(storeKinds)('%s', (kind) => {
  let servers: OpenedStores[];
  let turn = 0;
  beforeAll(async () => {
    servers = await Promise.all([1, 2].map(() => openStores(kind, inject('addresses'), PATIENCE)));
  });
  afterAll(() => Promise.all(servers.map(({ close }) => close())));

  const nextServer = (): Stores => {
    turn += 1;
    const server = servers[turn % servers.length];
    if (!server) throw new Error('the list of servers is empty');
    return server.stores;
  };
  for (const { name, run } of storeConformance(nextServer)) it(name, run);
});
