import { createClient } from '@libsql/client';
import { httpHandlers } from 'app-attest/http';
import { createAppAttest } from 'app-attest/server';
import { migrate, sqliteStores } from 'app-attest/sqlite';

const database = createClient({ url: 'file:app-attest.db' });
const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app', ...sqliteStores(database) });

export const createTables = () => migrate(database);
export const { challenge, registration, protect } = httpHandlers(appAttest);
