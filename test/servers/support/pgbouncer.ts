import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Child, freePort } from './child.js';
import { postgresAccount, postgresFolder } from './postgres-account.js';
import { queryPostgres } from './postgres-query.js';

/** The number of connections to PostgreSQL. The tests open more connections to PgBouncer. */
const CONNECTIONS = 4;

/** Debian installs PgBouncer into a folder that is not in the `PATH` of every user. */
const DEBIAN = '/usr/sbin/pgbouncer';
const PROGRAM = existsSync(DEBIAN) ? DEBIAN : 'pgbouncer';

/** A PgBouncer on loopback, in front of a PostgreSQL server. */
export class PgBouncer {
  readonly url: string;
  readonly #folder: string;
  readonly #child: Child;

  static async start(postgres: string, mode: 'transaction' | 'statement'): Promise<PgBouncer> {
    const folder = await postgresFolder();
    const port = await freePort();
    const { hostname, port: target, username } = new URL(postgres);
    const configuration = [
      '[databases]',
      `* = host=${hostname} port=${target} user=${username}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = any',
      `pool_mode = ${mode}`,
      `default_pool_size = ${CONNECTIONS}`,
    ];
    await writeFile(join(folder, 'pgbouncer.ini'), configuration.join('\n'));
    const url = new URL(postgres);
    url.port = String(port);
    const bouncer = new PgBouncer(url.href, folder);
    await bouncer.#child.until(() => bouncer.query('SELECT 1'));
    return bouncer;
  }

  private constructor(url: string, folder: string) {
    this.url = url;
    this.#folder = folder;
    this.#child = new Child(PROGRAM, [join(folder, 'pgbouncer.ini')], { ...postgresAccount, cwd: folder });
  }

  query(text: string): Promise<unknown[]> {
    return queryPostgres(this.url, text);
  }

  async stop(): Promise<void> {
    await this.#child.end('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }
}
