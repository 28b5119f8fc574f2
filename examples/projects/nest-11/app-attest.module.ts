import { Inject, type MiddlewareConsumer, Module, type NestModule, RequestMethod } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { type ExpressHandlers, expressHandlers } from 'app-attest/express';
import { migrate, postgresStores } from 'app-attest/postgres';
import { createAppAttest } from 'app-attest/server';
import { Pool } from 'pg';
import { APP_ATTEST, AppAttestGuard, RejectedRequestFilter } from './app-attest.guard';

const schema = 'app_attest';

async function createHandlers(): Promise<ExpressHandlers> {
  const pool = new Pool({ connectionString: process.env.DATABASE_URL });
  pool.on('error', (error) => console.warn(`PostgreSQL: ${error.message}`)); // otherwise, connection errors end the process
  await migrate(pool, { schema });
  return expressHandlers(createAppAttest({ appId: 'TEAMID1234.com.example.app', ...postgresStores(pool, { schema }) }));
}

@Module({
  providers: [
    { provide: APP_ATTEST, useFactory: createHandlers },
    { provide: APP_FILTER, useClass: RejectedRequestFilter },
    AppAttestGuard,
  ],
  exports: [APP_ATTEST, AppAttestGuard],
})
export class AppAttestModule implements NestModule {
  constructor(@Inject(APP_ATTEST) private readonly handlers: ExpressHandlers) {}

  configure(consumer: MiddlewareConsumer): void {
    const post = (path: string) => ({ path, method: RequestMethod.POST });
    consumer.apply(this.handlers.challenge).forRoutes(post('app-attest/challenge'));
    consumer.apply(this.handlers.registration).forRoutes(post('app-attest/registration'));
  }
}
