import type { NewKey } from 'app-attest/server';
import type { Express } from 'express';
import { inMemory } from './by-hand/in-memory.js';
import { inPostgres, type PoolByHand } from './by-hand/in-postgres.js';
import { inRedis } from './by-hand/in-redis.js';
import { inSqlite } from './by-hand/in-sqlite.js';
import { serviceByHand } from './by-hand/service-by-hand.js';
import { openPool, openRedisClient, openSqliteClient } from './open-client.js';
import type { StoreKind } from './store-kinds.js';

/** How to start a service. */
export interface ServiceOptions {
  /**
   * The root folder of a build of this package. `undefined` for the *service by hand*: the service in `by-hand/`, which uses no
   * library for App Attest.
   */
  readonly library: string | undefined;
  readonly store: StoreKind;
  /** The address of the database. Empty for a service with its state in memory. */
  readonly url: string;
  /**
   * The name of the SQLite file, the prefix of Redis keys, or the schema in PostgreSQL. Services that measure one fleet share
   * the schema of the fleet. Any other service has a new name.
   */
  readonly namespace: string;
  readonly appId: string;
  /** PEM. */
  readonly trustAnchor: string;
  /** Whether challenges are signed instead of stored. */
  readonly signedChallenges: boolean;
  /** The maximum number of challenges of the stores in memory. `undefined` for the default of the stores. */
  readonly maxChallenges: number | undefined;
  /** Whether the service caches keys. */
  readonly keyCache: boolean;
  /** Whether the service uses named prepared statements. Only for PostgreSQL. */
  readonly prepared: boolean;
  /** Whether the service by hand takes the challenge and stores the counter in one statement. Only for PostgreSQL. */
  readonly oneStatement: boolean;
}

/** A service with the route `/orders`, and functions that prepare its state before a measurement. */
export interface MeasuredService {
  readonly app: Express;
  addKey(key: NewKey): Promise<void>;
  addChallenge(challenge: string): Promise<void>;
  /** Absent in the service by hand. */
  issueChallenge?(): Promise<string>;
}

export async function openByHand({ appId, ...options }: ServiceOptions): Promise<MeasuredService> {
  const stores = await storesByHand(options);
  return {
    app: serviceByHand(stores, appId),
    addKey: (key) => stores.insert(key),
    addChallenge: (challenge) => stores.put(challenge),
  };
}

async function storesByHand({ store, url, namespace, prepared, oneStatement }: Omit<ServiceOptions, 'appId'>) {
  switch (store) {
    case 'memory':
      return inMemory();
    case 'SQLite':
      return inSqlite(openSqliteClient(url, namespace));
    case 'Redis':
      return inRedis(await openRedisClient(url), `${namespace}:`);
    case 'PostgreSQL':
      return inPostgres(prepared ? preparing(openPool(url)) : openPool(url), namespace, oneStatement);
  }
}

/** Names each statement, so that PostgreSQL prepares it once for each connection. */
function preparing(pool: ReturnType<typeof openPool>): PoolByHand {
  const texts: string[] = [];
  return {
    query(text, values) {
      if (!values) return pool.query(text);
      if (!texts.includes(text)) texts.push(text);
      return pool.query({ name: `statement ${texts.indexOf(text)}`, text, values });
    },
  };
}
