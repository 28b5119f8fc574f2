import { setTimeout } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2/promise';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openMysql } from '../../examples/mysql.js';
import { FaultyProxy } from '../servers/support/faulty-proxy.js';
import { PATIENCE } from '../servers/support/store-kinds.js';
import { createBackend, createDevice, registration, signedRequest } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';
import { MariadbServer } from './mariadb-server.js';

interface ReplicaStatus extends RowDataPacket {
  Slave_IO_Running: string;
  Read_Master_Log_Pos: string;
  Exec_Master_Log_Pos: string;
}

let primary: MariadbServer;
let replica: MariadbServer;
let close: (() => Promise<void>)[];
beforeEach(async () => {
  [primary, replica] = await Promise.all([MariadbServer.start(), MariadbServer.start()]);
  close = [];
  await primary.query('CREATE USER replica; GRANT REPLICATION SLAVE ON *.* TO replica; RESET MASTER');
});
afterEach(async () => {
  for (const end of close) await end();
  await Promise.all([primary.stop(), replica.stop()]);
});

/** Starts replication. Both servers already have the tables, and the binary log of the primary server does not create them. */
async function replicate(port = primary.port): Promise<void> {
  await replica.query(`
    SET GLOBAL server_id = 2;
    RESET MASTER;
    SET GLOBAL gtid_slave_pos = '';
    CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${port}, MASTER_USER = 'replica',
      MASTER_USE_GTID = slave_pos;
    START SLAVE`);
  await expect.poll(async () => (await status())?.Slave_IO_Running).toBe('Yes');
}

async function status(): Promise<ReplicaStatus | undefined> {
  const connection = await replica.connect();
  try {
    return (await connection.query<ReplicaStatus[]>('SHOW SLAVE STATUS'))[0][0];
  } finally {
    connection.destroy();
  }
}

/** Waits until the replica has applied all changes that it has received. */
async function applied(): Promise<void> {
  const behind = async () => {
    const { Read_Master_Log_Pos: read, Exec_Master_Log_Pos: executed } = (await status()) ?? {};
    return Number(read) - Number(executed);
  };
  await expect.poll(behind).toBe(0);
}

function backendOn(server: MariadbServer, timeout = PATIENCE) {
  const { pool, stores } = openMysql(server.url, timeout);
  close.push(() => pool.end());
  return createBackend(stores);
}

describe('a replica that has not received the last changes when the primary server is lost', () => {
  /** Returns a request that the primary server accepted, and a backend on the replica. */
  async function afterFailover() {
    await replicate();
    const before = backendOn(primary);
    const device = await createDevice();
    const { keyId } = await before.register(await registration(before, device));
    const request = await signedRequest(before, device, keyId);
    const issued = 'SELECT challenge FROM app_attest.app_attest_challenges ORDER BY challenge';
    await expect.poll(() => replica.query(issued)).toEqual(await primary.query(issued));
    await replica.query('STOP SLAVE');
    await before.authenticate(request);
    await primary.stop();
    const after = backendOn(replica);
    return { request, after, next: () => signedRequest(after, device, keyId) };
  }

  it('accepts a request a second time', async () => {
    const { request, after } = await afterFailover();
    expect((await after.authenticate(request)).key.counter).toBe(1);
  });

  it('does not accept a request a second time if all challenges were deleted first', async () => {
    const { request, after, next } = await afterFailover();
    await replica.query('DELETE FROM app_attest.app_attest_challenges');
    await expectCode(() => after.authenticate(request), 'challenge_unknown');
    expect((await after.authenticate(await next())).key.counter).toBe(2);
  });
});

describe('a replica with semisynchronous replication', () => {
  it('accepts no request a second time when its connection and then the primary server are lost during requests', async () => {
    await primary.query(
      `SET GLOBAL rpl_semi_sync_master_enabled = ON; SET GLOBAL rpl_semi_sync_master_wait_point = 'AFTER_SYNC'`,
    );
    await replica.query('SET GLOBAL rpl_semi_sync_slave_enabled = ON');
    const proxy = await FaultyProxy.to(primary.port);
    close.push(() => proxy.stop());
    await replicate(proxy.port);
    const before = backendOn(primary);
    const accepted: unknown[] = [];
    const devices = Array.from({ length: 8 }, async () => {
      const device = await createDevice();
      const { keyId } = await before.register(await registration(before, device));
      while (true) {
        const request = await signedRequest(before, device, keyId);
        await before.authenticate(request);
        accepted.push(request);
      }
    });
    await expect.poll(() => accepted.length, { timeout: 60_000 }).toBeGreaterThan(100);
    proxy.stall();
    await setTimeout(1000);
    const failed = Promise.allSettled(devices);
    await primary.stop();
    await failed;
    await applied();
    await replica.query('STOP SLAVE');
    const after = backendOn(replica);
    for (const request of accepted) await expectCode(() => after.authenticate(request), 'challenge_used');
  });

  /** Returns a request, and backends on both servers. The replica receives nothing after the registration. */
  async function beforeFailover(timeout: number) {
    await primary.query(
      `SET GLOBAL rpl_semi_sync_master_enabled = ON; SET GLOBAL rpl_semi_sync_master_timeout = ${timeout}`,
    );
    await replica.query('SET GLOBAL rpl_semi_sync_slave_enabled = ON');
    const proxy = await FaultyProxy.to(primary.port);
    close.push(() => proxy.stop());
    await replicate(proxy.port);
    const before = backendOn(primary, 2);
    const device = await createDevice();
    const { keyId } = await before.register(await registration(before, device));
    const request = await signedRequest(before, device, keyId);
    proxy.stall();
    return { before, request };
  }

  it('accepts a request a second time if replication has become asynchronous after a timeout', async () => {
    const { before, request } = await beforeFailover(100);
    await before.authenticate(request);
    await primary.stop();
    await applied();
    await replica.query('STOP SLAVE');
    expect((await backendOn(replica).authenticate(request)).key.counter).toBe(1);
  });

  it('makes requests fail while the replica is separated if the timeout is a year', async () => {
    const { before, request } = await beforeFailover(31_536_000_000);
    await expect(before.authenticate(request)).rejects.toThrow('MySQL did not respond');
  });
});
