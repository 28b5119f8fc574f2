import { openMysql } from '../../examples/mysql.js';
import type { OpenedStores } from '../servers/support/store-kinds.js';

/** Opens the stores for the processes in `test/servers/`. */
export async function openStores(address: string, timeout?: number): Promise<OpenedStores> {
  const { pool, stores } = openMysql(address, timeout);
  return { stores, close: () => pool.end() };
}
