import { testFaults } from '../servers/support/faults.js';
import { FaultyProxy } from '../servers/support/faulty-proxy.js';
import { addressesOf } from './addresses.js';
import { MariadbServer } from './mariadb-server.js';

testFaults(['module'], async () => {
  const server = await MariadbServer.start();
  const proxy = await FaultyProxy.to(server.port);
  return {
    addresses: addressesOf(server.url.replace(String(server.port), String(proxy.port))),
    restart: (how, whileDown) => server.restart(how === 'stop' ? 'SIGTERM' : 'SIGKILL', whileDown),
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
