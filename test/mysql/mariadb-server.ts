import { execFileSync, type SpawnOptions } from 'node:child_process';
import { chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { Child, freePort, run } from '../servers/support/child.js';

/** The settings that docs/stores.md requires. With the time zone, a statement that depends on it fails the tests. */
const SETTINGS = ['--innodb-flush-log-at-trx-commit=1', '--log-bin', '--sync-binlog=1', '--default-time-zone=+05:45'];

/** A separate MariaDB server with the tables of the example, on loopback, in a temporary folder. */
export class MariadbServer {
  readonly port: number;
  readonly #folder: string;
  #child: Child;

  static async start(): Promise<MariadbServer> {
    const folder = await mkdtemp(join(tmpdir(), 'app-attest-mariadb-'));
    await chown(folder, account.uid ?? -1, account.gid ?? -1);
    const options = ['--no-defaults', '--auth-root-authentication-method=normal', '--skip-test-db'];
    await run('mariadb-install-db', [...options, `--datadir=${join(folder, 'data')}`], processIn(folder));
    const server = new MariadbServer(await freePort(), folder);
    await server.#ready();
    await server.query('CREATE DATABASE app_attest; CREATE USER app_attest_server');
    for (const statements of await documented()) await server.query(`USE app_attest; ${statements}`);
    return server;
  }

  private constructor(port: number, folder: string) {
    this.port = port;
    this.#folder = folder;
    this.#child = this.#spawn();
  }

  /** The address for a user that has only the privileges in docs/stores.md. */
  get url(): string {
    return `mysql://app_attest_server@127.0.0.1:${this.port}/app_attest`;
  }

  async restart(signal: 'SIGTERM' | 'SIGKILL', whileDown: () => Promise<unknown>): Promise<void> {
    await this.#child.end(signal);
    await whileDown();
    this.#child = this.#spawn();
    await this.#ready();
  }

  async cutConnections(): Promise<void> {
    await this.query('KILL USER app_attest_server');
  }

  /** Runs statements as the administrator, through a Unix socket. */
  async query(statements: string): Promise<unknown> {
    const connection = await this.connect();
    try {
      const [result] = await connection.query(statements);
      return result;
    } finally {
      connection.destroy();
    }
  }

  /** Connects as the administrator. */
  connect() {
    return createConnection({ socketPath: this.#socket, user: 'root', multipleStatements: true });
  }

  async stop(): Promise<void> {
    await this.#child.end('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #socket(): string {
    return join(this.#folder, 'socket');
  }

  #spawn(): Child {
    const paths = [`--datadir=${join(this.#folder, 'data')}`, `--socket=${this.#socket}`];
    const address = [`--port=${this.port}`, '--bind-address=127.0.0.1', '--skip-name-resolve'];
    const args = ['--no-defaults', ...paths, ...address, ...SETTINGS];
    return new Child(program, args, processIn(this.#folder));
  }

  async #ready(): Promise<void> {
    await this.#child.until(() => this.query('SELECT 1'));
  }
}

/** MariaDB refuses to run as root, so root starts it as the user mysql. */
const account = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {};

/** Each server has its own folder for temporary tables, because a server deletes those of other servers. */
function processIn(folder: string): SpawnOptions {
  return { ...account, cwd: folder, env: { ...process.env, TMPDIR: folder } };
}

/** Debian installs the server outside the `PATH` of most users. */
const program = '/usr/sbin/mariadbd';

function idOf(option: string): number {
  return Number(execFileSync('id', [option, 'mysql'], { encoding: 'utf8' }));
}

/** Returns the SQL blocks in the section of docs/stores.md on MySQL. They create the tables and grant privileges. */
async function documented(): Promise<string[]> {
  const page = await readFile(new URL('../../docs/stores.md', import.meta.url), 'utf8');
  const [, section = ''] = page.split('\n## MySQL and MariaDB\n');
  const blocks = [...(section.split('\n## ')[0] ?? '').matchAll(/^```sql\n(.*?)^```$/gms)];
  return blocks.map(([, sql]) => sql ?? '');
}
