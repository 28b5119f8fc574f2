import { testFaults } from '../support/faults.js';
import { RedisServer } from '../support/redis-server.js';

testFaults(['redis', 'ioredis'], async () => {
  const server = await RedisServer.start();
  return {
    addresses: { redis: server.url, cluster: [], postgres: '', sqlite: '' },
    restart: (how, whileDown) => server.restart(how === 'stop' ? 'SIGTERM' : 'SIGKILL', whileDown),
    cut: () => server.cutConnections(),
    stall: (meanwhile) => server.suspended(meanwhile),
    stop: () => server.stop(),
  };
});
