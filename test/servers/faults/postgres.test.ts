import { testFaults } from '../support/faults.js';
import { PostgresServer } from '../support/postgres-server.js';
import { proxiedDatabase } from '../support/proxied-database.js';

testFaults(['postgres'], async () =>
  proxiedDatabase(await PostgresServer.start(), 'SIGINT', (url) => ({
    redis: '',
    cluster: [],
    postgres: url,
    sqlite: '',
  })),
);
