import { expect, vi } from 'vitest';
import { FaultyProxy } from './faulty-proxy.js';
import { PostgresServer } from './postgres-server.js';

/** The name under which the standby connects to the primary. */
const STANDBY = 'standby';

const PATIENTLY = { timeout: 30_000 };

/** A PostgreSQL server and its hot standby. The standby is connected through a proxy, so a test can separate the servers. */
export class PostgresPair {
  readonly primary: PostgresServer;
  readonly standby: PostgresServer;
  readonly #link: FaultyProxy;

  /** With `isSynchronous`, `synchronous_standby_names` of the primary lists the standby. */
  static async start({ isSynchronous }: { isSynchronous: boolean }): Promise<PostgresPair> {
    const primary = await PostgresServer.start();
    const link = await FaultyProxy.to(primary.port);
    const standby = await PostgresServer.startStandby(STANDBY, link.port);
    if (isSynchronous) {
      await primary.query(`ALTER SYSTEM SET synchronous_standby_names = '${STANDBY}'`);
      await primary.query('SELECT pg_reload_conf()');
    }
    const states = () => primary.query('SELECT state, sync_state FROM pg_stat_replication');
    const expected = [{ state: 'streaming', sync_state: isSynchronous ? 'sync' : 'async' }];
    await vi.waitFor(async () => expect(await states()).toEqual(expected), PATIENTLY);
    return new PostgresPair(primary, standby, link);
  }

  private constructor(primary: PostgresServer, standby: PostgresServer, link: FaultyProxy) {
    this.primary = primary;
    this.standby = standby;
    this.#link = link;
  }

  /** Waits until the standby has all data, and then blocks all traffic between the servers. The connection stays open. */
  async separate(): Promise<void> {
    const [sent] = await this.primary.query('SELECT pg_current_wal_insert_lsn() AS position');
    const isReceived = `SELECT flush_lsn >= '${Object(sent).position}' AS yes FROM pg_stat_replication`;
    await vi.waitFor(async () => expect(await this.primary.query(isReceived)).toEqual([{ yes: true }]), PATIENTLY);
    this.separateNow();
  }

  /** Blocks all traffic between the servers. The connection stays open. */
  separateNow(): void {
    this.#link.stall();
  }

  /** Makes the standby a primary, as a failover does. The former primary keeps running. Returns the new primary. */
  async promote(): Promise<PostgresServer> {
    expect(await this.standby.query('SELECT pg_promote() AS done')).toEqual([{ done: true }]);
    return this.standby;
  }

  async stop(): Promise<void> {
    await this.#link.stop();
    await Promise.all([this.primary.stop(), this.standby.stop()]);
  }
}
