import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createClient } from 'redis';
import { inject } from 'vitest';
import { inPostgres } from '../../bench/server/by-hand/in-postgres.js';
import { inRedis } from '../../bench/server/by-hand/in-redis.js';
import { inSqlite } from '../../bench/server/by-hand/in-sqlite.js';
import { openSqliteClient } from '../../bench/server/open-client.js';
import { describeServiceByHand } from '../bench/describe-service-by-hand.js';

const addresses = inject('addresses');
const client = createClient({ url: addresses.redis });
const folder = await mkdtemp(join(tmpdir(), 'app-attest-by-hand-'));
const sqlite = openSqliteClient(`file:${folder}`, 'by-hand');
const pool = new pg.Pool({ connectionString: addresses.postgres });

describeServiceByHand(
  'Redis',
  async () => inRedis(await client.connect(), 'by-hand:'),
  async () => client.destroy(),
);

describeServiceByHand(
  'SQLite',
  () => inSqlite(sqlite),
  async () => {
    sqlite.close();
    await rm(folder, { recursive: true });
  },
);

describeServiceByHand('PostgreSQL', () => inPostgres(pool, 'by_hand', false));

describeServiceByHand(
  'PostgreSQL, with one statement for challenge and counter',
  () => inPostgres(pool, 'by_hand_one_statement', true),
  () => pool.end(),
);
