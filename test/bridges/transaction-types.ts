// This file is compiled, but never run. It shows that the types of the bridges exclude transactions.
import type { drizzle } from 'drizzle-orm/node-postgres';
import type { drizzle as drizzlePostgresJs } from 'drizzle-orm/postgres-js';
import type { Sql } from 'postgres';
import { drizzlePostgresJsQueryable, drizzleQueryable } from '../../examples/bridges/drizzle.js';
import { postgresJsQueryable } from '../../examples/bridges/postgres-js.js';
import { prismaQueryable } from '../../examples/bridges/prisma.js';
import type { PrismaClient } from './generated/client.js';

export async function inTransactions(
  sql: Sql,
  onPg: ReturnType<typeof drizzle>,
  onPostgresJs: ReturnType<typeof drizzlePostgresJs>,
  prisma: PrismaClient,
): Promise<void> {
  // @ts-expect-error a transaction of postgres.js
  await sql.begin((transaction) => postgresJsQueryable(transaction));
  // @ts-expect-error a transaction of Drizzle
  await onPg.transaction(async (transaction) => drizzleQueryable(transaction));
  // @ts-expect-error a transaction of Drizzle
  await onPostgresJs.transaction(async (transaction) => drizzlePostgresJsQueryable(transaction));
  // @ts-expect-error a transaction of Prisma
  await prisma.$transaction(async (transaction) => prismaQueryable(transaction));
}
