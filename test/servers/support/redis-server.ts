import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, Child, freePort } from './child.js';

/** The settings that docs/stores.md requires if keys are in Redis. */
const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction', '--save', ''];

/** A separate Redis server, on loopback, in a temporary folder. */
export class RedisServer {
  readonly port: number;
  readonly #folder: string;
  readonly #options: readonly string[];
  #child: Child;

  static async start(...options: readonly string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), await mkdtemp(join(tmpdir(), 'app-attest-redis-')), options);
    await server.#ready();
    return server;
  }

  private constructor(port: number, folder: string, options: readonly string[]) {
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

  /** Sends an inline command: words that are separated by spaces. Returns the first data of the response. */
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

  async cutConnections(): Promise<void> {
    await this.command('CLIENT KILL TYPE normal SKIPME yes');
  }

  async stop(): Promise<void> {
    await this.#child.end('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }

  #spawn(): Child {
    const address = ['--bind', '127.0.0.1', '--port', String(this.port), '--dir', this.#folder];
    return new Child('redis-server', [...address, ...DURABLE, ...this.#options]);
  }

  async #ready(): Promise<void> {
    await this.answers('PING', (answer) => answer === '+PONG\r\n');
  }
}
