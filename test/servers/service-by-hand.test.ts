import pg from 'pg';
import { createClient } from 'redis';
import { inject } from 'vitest';
import { inPostgres } from '../../bench/server/by-hand/in-postgres.js';
import { inRedis } from '../../bench/server/by-hand/in-redis.js';
import { describeServiceByHand } from '../bench/describe-service-by-hand.js';

const addresses = inject('addresses');
const client = createClient({ url: addresses.redis });
const pool = new pg.Pool({ connectionString: addresses.postgres });

describeServiceByHand(
  'Redis',
  async () => inRedis(await client.connect(), 'by-hand:'),
  async () => client.destroy(),
);

describeServiceByHand('PostgreSQL', () => inPostgres(pool, 'by_hand', false));

describeServiceByHand(
  'PostgreSQL, with one statement for challenge and counter',
  () => inPostgres(pool, 'by_hand_one_statement', true),
  () => pool.end(),
);
