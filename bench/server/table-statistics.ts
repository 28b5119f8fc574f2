import type { Pool } from 'pg';

/** The sizes of a table and its indexes on disk, in bytes. */
export interface TableSizes {
  /** The rows, without the values that PostgreSQL stores outside of the rows. */
  readonly rows: number;
  /** The values outside of the rows (TOAST) and their index. These values are the receipts. */
  readonly receipts: number;
  /** The size of each index, by its name. */
  readonly indexes: Readonly<Record<string, number>>;
  /** All of these files, with the free space map and the visibility map. */
  readonly total: number;
}

/** The counts of PostgreSQL for a table and for the write-ahead log. */
export interface TableActivity {
  readonly updates: number;
  /** The updates that wrote no index (heap-only tuples). */
  readonly heapOnly: number;
  readonly deadRows: number;
  readonly autovacuums: number;
  /** The bytes of the write-ahead log of the whole server. */
  readonly logBytes: number;
  /**
   * The number of whole pages in the log. PostgreSQL logs a whole page when the page changes for the first time after a
   * checkpoint.
   */
  readonly fullPages: number;
}

export async function tableSizes(pool: Pool, table: string): Promise<TableSizes> {
  const { rows } = await pool.query(
    `SELECT pg_relation_size(oid)::float8 AS rows, pg_total_relation_size(reltoastrelid)::float8 AS receipts,
       pg_total_relation_size(oid)::float8 AS total FROM pg_class WHERE oid = $1::regclass`,
    [table],
  );
  const indexes = await pool.query(
    `SELECT relname AS name, pg_relation_size(indexrelid)::float8 AS size
     FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE indrelid = $1::regclass ORDER BY relname`,
    [table],
  );
  return { ...rows[0], indexes: Object.fromEntries(indexes.rows.map(({ name, size }) => [name, size])) };
}

export async function tableActivity(pool: Pool, table: string): Promise<TableActivity> {
  const { rows } = await pool.query(
    `SELECT n_tup_upd::float8 AS updates, n_tup_hot_upd::float8 AS "heapOnly", n_dead_tup::float8 AS "deadRows",
       autovacuum_count::float8 AS autovacuums, wal_bytes::float8 AS "logBytes", wal_fpi::float8 AS "fullPages"
     FROM pg_stat_user_tables, pg_stat_wal WHERE relid = $1::regclass`,
    [table],
  );
  return rows[0];
}
