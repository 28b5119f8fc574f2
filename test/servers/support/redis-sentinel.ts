import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, Child, freePort } from './child.js';
import { RedisServer } from './redis-server.js';

/** The name of the primary in the configuration of Sentinel. */
const NAME = 'app-attest';

/** A Redis server with two replicas, and a Sentinel that promotes a replica if the server is unavailable for a second. */
export class RedisSentinel {
  readonly name = NAME;
  readonly port: number;
  readonly #servers: readonly [RedisServer, ...RedisServer[]];
  readonly #folder: string;
  readonly #child: Child;

  /** The options are for all three servers. */
  static async start(...options: readonly string[]): Promise<RedisSentinel> {
    const all = ['--repl-diskless-sync-delay', '0', ...options];
    const primary = await RedisServer.start(...all);
    const replica = () => RedisServer.start(...all, '--replicaof', '127.0.0.1', `${primary.port}`);
    const servers = [primary, await replica(), await replica()] as const;
    const port = await freePort();
    const folder = await mkdtemp(join(tmpdir(), 'app-attest-sentinel-'));
    const configuration = [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      `sentinel monitor ${NAME} 127.0.0.1 ${primary.port} 1`,
      `sentinel down-after-milliseconds ${NAME} 1000`,
      `sentinel failover-timeout ${NAME} 10000`,
    ];
    await writeFile(join(folder, 'sentinel.conf'), configuration.join('\n'));
    const sentinel = new RedisSentinel(port, servers, folder);
    await sentinel.#child.until(async () => {
      const info = await ask(port, 'INFO sentinel');
      if (!info.includes('status=ok') || !info.includes('slaves=2')) throw new Error(info);
    });
    return sentinel;
  }

  private constructor(port: number, servers: readonly [RedisServer, ...RedisServer[]], folder: string) {
    this.port = port;
    this.#servers = servers;
    this.#folder = folder;
    this.#child = new Child('redis-server', [join(folder, 'sentinel.conf'), '--sentinel']);
  }

  /** Waits until both replicas have all data, and then kills the primary. */
  async killPrimary(): Promise<void> {
    const [primary, ...replicas] = this.#servers;
    const sent = await primary.replicationOffset();
    for (const replica of replicas) await replica.receives(sent);
    await primary.stop();
  }

  async stop(): Promise<void> {
    await this.#child.end('SIGKILL');
    await Promise.all(this.#servers.map((server) => server.stop()));
    await rm(this.#folder, { recursive: true, force: true });
  }
}
