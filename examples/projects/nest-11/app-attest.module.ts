import {
  Inject,
  Logger,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  type OnApplicationShutdown,
  RequestMethod,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { type ExpressHandlers, expressHandlers } from 'app-attest/express';
import { migrate, postgresStores, prepared } from 'app-attest/postgres';
import { createAppAttest } from 'app-attest/server';
import { Client, Pool } from 'pg';
import { APP_ATTEST, AppAttestGuard, RejectedRequestFilter } from './app-attest.guard';

const schema = 'app_attest';
const timeout = 2; // seconds
const logger = new Logger('AppAttest');

async function openPool(): Promise<Pool> {
  const connectionString = process.env.DATABASE_URL;
  if (!connectionString) throw new Error('set DATABASE_URL, such as postgres://user:password@localhost:5432/orders');
  const client = new Client({ connectionString }); // without a time limit, because a migration may take long
  await client.connect();
  try {
    await migrate(client, { schema });
  } finally {
    await client.end();
  }
  const pool = new Pool({ connectionString, connectionTimeoutMillis: timeout * 1000, query_timeout: timeout * 1000 });
  pool.on('error', (error) => logger.warn(`PostgreSQL: ${error.message}`)); // otherwise, connection errors end the process
  return pool;
}

function createHandlers(pool: Pool): ExpressHandlers {
  const stores = postgresStores(prepared(pool), { schema, timeout });
  return expressHandlers(createAppAttest({ appId: 'TEAMID1234.com.example.app', ...stores }), {
    onDecision: ({ route, code, error }) => error && logger.warn(`${route} ${code}: ${error.message}`),
  });
}

@Module({
  providers: [
    { provide: Pool, useFactory: openPool },
    { provide: APP_ATTEST, useFactory: createHandlers, inject: [Pool] },
    { provide: APP_FILTER, useClass: RejectedRequestFilter },
    AppAttestGuard,
  ],
  exports: [APP_ATTEST, AppAttestGuard],
})
export class AppAttestModule implements NestModule, OnApplicationShutdown {
  constructor(
    @Inject(APP_ATTEST) private readonly handlers: ExpressHandlers,
    @Inject(Pool) private readonly pool: Pool,
  ) {}

  configure(consumer: MiddlewareConsumer): void {
    const post = (path: string) => ({ path, method: RequestMethod.POST });
    consumer.apply(this.handlers.challenge).forRoutes(post('app-attest/challenge'));
    consumer.apply(this.handlers.registration).forRoutes(post('app-attest/registration'));
  }

  /** Ends the pool after the last response. onModuleDestroy would end it before. */
  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }
}
