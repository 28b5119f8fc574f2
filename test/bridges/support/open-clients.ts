import { neonConfig } from '@neondatabase/serverless';
import { PrismaPg } from '@prisma/adapter-pg';
import { drizzle } from 'drizzle-orm/node-postgres';
import { drizzle as drizzlePostgresJs } from 'drizzle-orm/postgres-js';
import { CamelCasePlugin, Kysely, ParseJSONResultsPlugin, PostgresDialect } from 'kysely';
import { Pool, types } from 'pg';
import postgres from 'postgres';
import { WebSocket } from 'ws';
import { drizzlePostgresJsQueryable, drizzleQueryable } from '../../../examples/bridges/drizzle.js';
import { kyselyQueryable } from '../../../examples/bridges/kysely.js';
import { openNeon } from '../../../examples/bridges/neon.js';
import { postgresJsQueryable } from '../../../examples/bridges/postgres-js.js';
import { prismaQueryable } from '../../../examples/bridges/prisma.js';
import type { Stores } from '../../../src/server/index.js';
import { postgresStores, type Queryable } from '../../../src/stores/postgres/index.js';
import { PrismaClient } from '../generated/client.js';

export interface OpenClient {
  /** The result of the function in `examples/bridges/`, or the pool of Neon. */
  queryable: Queryable;
  stores: Stores;
  close(): Promise<unknown>;
}

const schema = 'app_attest';

/** The options of the package pg that docs/stores.md recommends. */
function poolOptions(connectionString: string, timeout: number) {
  return { connectionString, connectionTimeoutMillis: timeout * 1000, query_timeout: timeout * 1000 };
}

/** A pool of the package pg that returns 64-bit integers as `bigint`, and all other values as text. */
function openPool(url: string, timeout: number): Pool {
  const parsers = { getTypeParser: (oid: number) => (oid === types.builtins.INT8 ? BigInt : String) };
  const pool = new Pool({ ...poolOptions(url, timeout), types: parsers });
  pool.on('error', () => undefined);
  // Kysely does not handle the errors of a connection while the connection runs a statement. They would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

function opened(queryable: Queryable, timeout: number, close: () => Promise<unknown>): OpenClient {
  return { queryable, stores: postgresStores(queryable, { schema, timeout }), close };
}

interface Client {
  /** Opens the client with a time limit in seconds. */
  open(url: string, timeout: number): OpenClient;
  /** Whether the client closes a connection that does not respond. */
  closesDeadConnections: boolean;
  /** Whether the stores use prepared statements. */
  preparesStatements: boolean;
}

/**
 * The clients in docs/stores.md, under the same names, and a second client of postgres.js, whose options change what it sends and
 * returns.
 */
export const clients: Readonly<Record<string, Client>> = {
  'postgres.js': {
    open: (url, timeout) => {
      const sql = postgres(url, { connect_timeout: timeout, onnotice: () => undefined });
      return opened(postgresJsQueryable(sql), timeout, () => sql.end({ timeout: 0 }));
    },
    closesDeadConnections: false,
    preparesStatements: true,
  },
  'postgres.js with other types and names, without prepared statements': {
    open: (url, timeout) => {
      const sql = postgres(url, {
        connect_timeout: timeout,
        prepare: false,
        transform: postgres.camel,
        types: { bigint: postgres.BigInt },
        onnotice: () => undefined,
      });
      return opened(postgresJsQueryable(sql), timeout, () => sql.end({ timeout: 0 }));
    },
    closesDeadConnections: false,
    preparesStatements: false,
  },
  'Drizzle on pg': {
    open: (url, timeout) => {
      const pool = openPool(url, timeout);
      return opened(drizzleQueryable(drizzle(pool, { casing: 'snake_case' })), timeout, () => pool.end());
    },
    closesDeadConnections: true,
    preparesStatements: true,
  },
  'Drizzle on postgres.js': {
    open: (url, timeout) => {
      const sql = postgres(url, { connect_timeout: timeout, onnotice: () => undefined });
      return opened(drizzlePostgresJsQueryable(drizzlePostgresJs(sql)), timeout, () => sql.end({ timeout: 0 }));
    },
    closesDeadConnections: false,
    preparesStatements: true,
  },
  Kysely: {
    open: (url, timeout) => {
      const plugins = [new CamelCasePlugin(), new ParseJSONResultsPlugin()];
      const db = new Kysely({ dialect: new PostgresDialect({ pool: openPool(url, timeout) }), plugins });
      return opened(kyselyQueryable(db), timeout, () => db.destroy());
    },
    closesDeadConnections: false,
    preparesStatements: false,
  },
  Prisma: {
    open: (url, timeout) => {
      const prisma = new PrismaClient({ adapter: new PrismaPg(poolOptions(url, timeout)) });
      return opened(prismaQueryable(prisma), timeout, () => prisma.$disconnect());
    },
    closesDeadConnections: true,
    preparesStatements: false,
  },
  Neon: {
    open: (url, timeout) => {
      const { pool, stores } = openNeon(url, timeout);
      return { queryable: pool, stores, close: () => pool.end() };
    },
    closesDeadConnections: true,
    preparesStatements: true,
  },
};

/** Makes the client of Neon connect through a WebSocket proxy on loopback. */
export function useWebSocketProxy(port: number): void {
  neonConfig.webSocketConstructor = WebSocket;
  neonConfig.wsProxy = (_, target) => `127.0.0.1:${port}/${target}`;
  neonConfig.useSecureWebSocket = false;
  neonConfig.pipelineConnect = false; // the server needs no password
}
