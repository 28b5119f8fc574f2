import { testFaults } from '../support/faults.js';
import { FaultyProxy } from '../support/faulty-proxy.js';
import { PostgresServer } from '../support/postgres-server.js';

testFaults(['postgres'], async () => {
  const server = await PostgresServer.start();
  const proxy = await FaultyProxy.to(server.port);
  return {
    addresses: {
      redis: '',
      cluster: [],
      postgres: server.url.replace(String(server.port), String(proxy.port)),
      sqlite: '',
    },
    restart: (how, whileDown) => server.restart(how === 'stop' ? 'SIGINT' : 'SIGKILL', whileDown),
    cut: async () => {
      await server.cutConnections();
      proxy.cut();
    },
    async stall(meanwhile) {
      proxy.stall();
      await meanwhile();
      proxy.resume();
    },
    async stop() {
      await proxy.stop();
      await server.stop();
    },
  };
});
