import { fileURLToPath } from 'node:url';
import type { Addresses } from '../servers/support/store-kinds.js';

/** The addresses for processes that use the example. `url` is the address of MariaDB. */
export function addressesOf(url: string): Addresses {
  const path = fileURLToPath(new URL('build/open-stores.js', import.meta.url));
  return { redis: '', cluster: [], postgres: '', sqlite: '', module: { path, address: url } };
}
