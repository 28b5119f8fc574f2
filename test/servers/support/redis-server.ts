import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, Child, freePort } from './child.js';

/** The settings that docs/stores.md requires if keys are in Redis. */
const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction', '--save', ''];

/** The program of the server. Valkey has the same commands and settings as Redis. */
export type RedisProgram = 'redis-server' | 'valkey-server';

/** Whether a program is installed. Debian 12 has Valkey only in its backports, so it may be missing. */
export const isInstalled = (program: RedisProgram): boolean => spawnSync(program, ['--version']).status === 0;

/** A separate server of Redis or Valkey, on loopback, in a temporary folder. */
export class RedisServer {
  readonly port: number;
  readonly #program: RedisProgram;
  readonly #folder: string;
  readonly #options: readonly string[];
  #child: Child;

  static start(...options: readonly string[]): Promise<RedisServer> {
    return RedisServer.startProgram('redis-server', ...options);
  }

  static async startProgram(program: RedisProgram, ...options: readonly string[]): Promise<RedisServer> {
    const folder = await mkdtemp(join(tmpdir(), 'app-attest-redis-'));
    const server = new RedisServer(program, await freePort(), folder, options);
    await server.#ready();
    return server;
  }

  private constructor(program: RedisProgram, port: number, folder: string, options: readonly string[]) {
    this.#program = program;
    this.port = port;
    this.#folder = folder;
    this.#options = options;
    this.#child = this.#spawn();
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Ends the process, calls `whileDown`, and starts the process again on the same data. `SIGKILL` ends it without cleanup. */
  async restart(
    signal: 'SIGTERM' | 'SIGKILL',
    whileDown: () => Promise<unknown> = async () => undefined,
  ): Promise<void> {
    await this.#child.end(signal);
    await whileDown();
    this.#child = this.#spawn();
    await this.#ready();
  }

  /** Pauses the process until `meanwhile` has finished. The connections stay open, but receive no responses. */
  async suspended(meanwhile: () => Promise<unknown>): Promise<void> {
    this.#child.process.kill('SIGSTOP');
    try {
      await meanwhile();
    } finally {
      this.#child.process.kill('SIGCONT');
    }
  }

  /** Sends a command as words that are separated by spaces. Returns the first data of the response. */
  command(line: string): Promise<string> {
    return ask(this.port, line);
  }

  /** Repeats a command until its response is as expected. */
  async answers(line: string, isExpected: (answer: string) => boolean): Promise<void> {
    await this.#child.until(async () => {
      const answer = await this.command(line);
      if (!isExpected(answer)) throw new Error(answer);
    });
  }

  /** Returns the replication offset: the bytes that a primary has sent to its replicas, or that a replica has received. */
  async replicationOffset(): Promise<number> {
    const [, digits] = /^master_repl_offset:(\d+)/m.exec(await this.command('INFO replication')) ?? [];
    return Number(digits);
  }

  /** Waits until this replica has received the data up to an offset. */
  async receives(offset: number): Promise<void> {
    await this.#child.until(async () => {
      const received = await this.replicationOffset();
      if (!(received >= offset)) throw new Error(`${received} of ${offset} bytes`);
    });
  }

  async cutConnections(): Promise<void> {
    await this.command('CLIENT KILL TYPE normal SKIPME yes');
  }

  async stop(): Promise<void> {
    await this.#child.end('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }

  #spawn(): Child {
    const address = ['--bind', '127.0.0.1', '--port', String(this.port), '--dir', this.#folder];
    return new Child(this.#program, [...address, ...DURABLE, ...this.#options]);
  }

  async #ready(): Promise<void> {
    await this.answers('PING', (answer) => answer === '+PONG\r\n');
  }
}
