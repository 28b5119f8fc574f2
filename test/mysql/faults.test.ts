import { testFaults } from '../servers/support/faults.js';
import { proxiedDatabase } from '../servers/support/proxied-database.js';
import { addressesOf } from './addresses.js';
import { MariadbServer } from './mariadb-server.js';

testFaults(['module'], async () => proxiedDatabase(await MariadbServer.start(), 'SIGTERM', addressesOf));
