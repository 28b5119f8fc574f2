import { FaultyProxy } from './faulty-proxy.js';
import { type RedisProgram, RedisServer } from './redis-server.js';

/** A Redis server and its replica. The replica is connected through a proxy, so a test can separate the servers. */
export class RedisPair {
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  readonly #link: FaultyProxy;

  /** The options are for the primary. With `min-replicas-to-write`, the replica would reject all writes after its promotion. */
  static async start(program: RedisProgram, ...options: readonly string[]): Promise<RedisPair> {
    // By default, a server waits five seconds before it sends its data to a new replica.
    const primary = await RedisServer.startProgram(program, '--repl-diskless-sync-delay', '0', ...options);
    const link = await FaultyProxy.to(primary.port);
    const replica = await RedisServer.startProgram(program, '--replicaof', '127.0.0.1', `${link.port}`);
    await primary.answers('INFO replication', (info) => info.includes('state=online'));
    return new RedisPair(primary, replica, link);
  }

  private constructor(primary: RedisServer, replica: RedisServer, link: FaultyProxy) {
    this.primary = primary;
    this.replica = replica;
    this.#link = link;
  }

  /** Waits until the replica has all data. */
  async replicated(): Promise<void> {
    await this.replica.receives(await this.primary.replicationOffset());
  }

  /** Waits until the replica has all data, and then blocks all traffic between the servers. The connection stays open. */
  async separate(): Promise<void> {
    await this.replicated();
    this.#link.stall();
  }

  /** Makes the replica a primary, as a failover does. The former primary keeps running. Returns the new primary. */
  async promote(): Promise<RedisServer> {
    await this.replica.command('REPLICAOF NO ONE');
    return this.replica;
  }

  async stop(): Promise<void> {
    await this.#link.stop();
    await Promise.all([this.primary.stop(), this.replica.stop()]);
  }
}
