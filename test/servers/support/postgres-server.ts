import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { migratePostgres } from '../../../examples/postgres.js';
import { Child, freePort, run } from './child.js';
import { postgresAccount as account, postgresFolder } from './postgres-account.js';
import { queryPostgres } from './postgres-query.js';

/**
 * A separate PostgreSQL server with the tables of the stores, on loopback, in a temporary folder. It has the default settings,
 * including `fsync` and `synchronous_commit`.
 */
export class PostgresServer {
  readonly port: number;
  readonly #folder: string;
  #child: Child;

  static async start(): Promise<PostgresServer> {
    const folder = await postgresFolder();
    const options = ['--username', 'postgres', '--auth', 'trust', '--encoding', 'UTF8', '--no-locale', '--no-sync'];
    await run(program('initdb'), ['--pgdata', folder, ...options], { ...account, cwd: folder });
    const server = new PostgresServer(await freePort(), folder);
    await server.#ready();
    await migratePostgres(server.url);
    return server;
  }

  /** Starts a hot standby. It connects to the port of its primary under the given name. */
  static async startStandby(name: string, primaryPort: number): Promise<PostgresServer> {
    const folder = await postgresFolder();
    const primary = `host=127.0.0.1 port=${primaryPort} user=postgres application_name=${name} sslmode=disable`;
    const options = ['--dbname', primary, '--write-recovery-conf', '--checkpoint', 'fast', '--no-sync'];
    await run(program('pg_basebackup'), ['--pgdata', folder, ...options], { ...account, cwd: folder });
    const server = new PostgresServer(await freePort(), folder);
    await server.#ready();
    return server;
  }

  private constructor(port: number, folder: string) {
    this.port = port;
    this.#folder = folder;
    this.#child = this.#spawn();
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
  }

  async restart(
    signal: 'SIGINT' | 'SIGKILL',
    whileDown: () => Promise<unknown> = async () => undefined,
  ): Promise<void> {
    await this.#child.end(signal);
    await whileDown();
    await this.#start();
  }

  async cutConnections(): Promise<void> {
    await this.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()');
  }

  query(text: string): Promise<unknown[]> {
    return queryPostgres(this.url, text);
  }

  async stop(): Promise<void> {
    await this.#child.end('SIGQUIT');
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** After a `SIGKILL`, PostgreSQL does not start until all its old processes have ended. */
  async #start(): Promise<void> {
    const deadline = performance.now() + 30_000;
    while (true) {
      this.#child = this.#spawn();
      try {
        return await this.#ready();
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await setTimeout(100);
      }
    }
  }

  #spawn(): Child {
    const address = ['-h', '127.0.0.1', '-p', String(this.port), '-k', this.#folder];
    return new Child(program('postgres'), ['-D', this.#folder, ...address], { ...account, cwd: this.#folder });
  }

  async #ready(): Promise<void> {
    await this.#child.until(() => this.query('SELECT 1'));
  }
}

/** Debian installs the server programs outside the `PATH`, in one folder per version. */
function program(name: string): string {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  const candidates = versions.map((version) => join(debian, version, 'bin', name));
  return candidates.find((path) => existsSync(path)) ?? name;
}
