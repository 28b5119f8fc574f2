import { testFaults } from '../support/faults.js';
import { RedisCluster } from '../support/redis-cluster.js';

testFaults(['redis cluster', 'ioredis cluster'], async () => {
  // The option is the time in milliseconds after which a node treats an unresponsive node as failed.
  const cluster = await RedisCluster.start('--cluster-node-timeout', '1000');
  return {
    addresses: { redis: '', cluster: cluster.urls, postgres: '', sqlite: '' },
    restart: (how, whileDown) => cluster.restart(how === 'stop' ? 'SIGTERM' : 'SIGKILL', whileDown),
    cut: async () => {
      await Promise.all(cluster.nodes.map((node) => node.cutConnections()));
    },
    stall: (meanwhile) => cluster.suspended(meanwhile),
    stop: () => cluster.stop(),
  };
});
