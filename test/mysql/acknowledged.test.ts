import { testKilledServer } from '../servers/support/acknowledged.js';
import { addressesOf } from './addresses.js';
import { MariadbServer } from './mariadb-server.js';

testKilledServer('MariaDB', 'module', MariadbServer.start, ({ url }) => addressesOf(url));
