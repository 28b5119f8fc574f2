import type { Queryable } from 'app-attest/postgres';

/** A `PrismaClient`. The client of a transaction has no `$connect`, so this type excludes transactions. */
interface Prisma {
  $connect(): Promise<void>;
  $queryRawUnsafe(text: string, ...values: unknown[]): Promise<unknown[]>;
}

export function prismaQueryable(prisma: Prisma): Queryable {
  // The method is called unsafe because of `text`, which comes from the stores. All input is in `values`.
  // `$executeRawUnsafe` would return only the number of changed rows.
  return { query: async (text, values) => ({ rows: await prisma.$queryRawUnsafe(text, ...values) }) };
}
