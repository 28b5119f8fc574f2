import type { Stores } from '../server/stores.js';
import { postgresStores } from '../stores/postgres/postgres-stores.js';
import { redisStores } from '../stores/redis/redis-stores.js';
import type { DatabaseVariables } from './command-process.js';
import type { RefreshArguments } from './refresh-arguments.js';
import { UsageError } from './usage-error.js';

/** A connection to the database of the keys. */
export interface KeyDatabase {
  readonly stores: Stores;
  close(): Promise<void>;
}

/** The time limit for a connection or a result, in milliseconds. */
const TIMEOUT = 10_000;

/**
 * The beginnings of the URLs and socket paths that pg documents. With any other text, pg connects to the host "base" and may
 * send the password to this host.
 */
const POSTGRES_URL = /^(?:postgres(?:ql)?:|socket:|\/)/i;

/**
 * Opens the database whose URL is in the environment. Loads only the client that this database needs. The client of
 * PostgreSQL connects at the first query.
 *
 * @throws UsageError if the environment has no database URL, or the client is not installed
 * @throws the error of the client if Redis cannot be reached
 */
export async function openKeyDatabase(
  env: DatabaseVariables,
  { schema, prefix }: Pick<RefreshArguments, 'schema' | 'prefix'>,
): Promise<KeyDatabase> {
  // An empty variable counts as unset.
  if (env.DATABASE_URL) return openPostgres(env.DATABASE_URL, schema);
  if (env.REDIS_URL) return openRedis(env.REDIS_URL, prefix);
  throw new UsageError('DATABASE_URL or REDIS_URL must be set to the URL of the database of the keys');
}

async function openPostgres(connectionString: string, schema: string | undefined): Promise<KeyDatabase> {
  if (!POSTGRES_URL.test(connectionString))
    throw new UsageError('DATABASE_URL must be a URL that begins with postgres:');
  const loaded = await load(() => import('pg'));
  if (!loaded) throw new UsageError('DATABASE_URL needs the package pg: npm install pg');
  const pool = new loaded.default.Pool({
    connectionString,
    connectionTimeoutMillis: TIMEOUT,
    query_timeout: TIMEOUT,
  });
  // The next query reports the error. Without a listener, the process would end.
  pool.on('error', () => undefined);
  return { stores: postgresStores(pool, { schema, timeout: TIMEOUT / 1000 }), close: () => pool.end() };
}

async function openRedis(url: string, prefix: string | undefined): Promise<KeyDatabase> {
  const options = { prefix, timeout: TIMEOUT / 1000 };
  const nodeRedis = await load(() => import('redis'));
  if (nodeRedis) {
    const socket = { connectTimeout: TIMEOUT, reconnectStrategy: false } as const;
    const client = nodeRedis.createClient({ url, disableOfflineQueue: true, socket });
    client.on('error', () => undefined);
    await client.connect();
    return {
      stores: redisStores(client, options),
      async close() {
        if (client.isOpen) await client.disconnect();
      },
    };
  }
  const ioRedis = await load(() => import('ioredis'));
  if (!ioRedis) throw new UsageError('REDIS_URL needs the package redis or ioredis: npm install redis');
  const client = new ioRedis.Redis(url, {
    lazyConnect: true,
    connectTimeout: TIMEOUT,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  client.on('error', () => undefined);
  await client.connect();
  return { stores: redisStores(client, options), close: async () => client.disconnect() };
}

/** Returns `undefined` if the package is not installed. */
async function load<Module>(module: () => Promise<Module>): Promise<Module | undefined> {
  try {
    return await module();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
