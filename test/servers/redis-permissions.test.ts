import { readFileSync } from 'node:fs';
import { Cluster, Redis } from 'ioredis';
import { createClient, createCluster } from 'redis';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { newKey } from '../../src/conformance/new-key.js';
import { newChallenge } from '../../src/server/challenge.js';
import type { ChallengeRecord } from '../../src/server/challenge-store.js';
import type { Stores } from '../../src/server/stores.js';
import { type RedisClient, redisStores } from '../../src/stores/redis/index.js';
import { RedisServer } from './support/redis-server.js';
import { PATIENCE } from './support/store-kinds.js';

const page = readFileSync(new URL('../../docs/stores.md', import.meta.url), 'utf8');
/** The command of docs/stores.md that creates the user, without line breaks. */
const [, command = ''] = /^(ACL SETUSER [^`]*)```$/m.exec(page.replaceAll('\\\n', '')) ?? [];
const [, , , ...RULES] = command.trim().split(/\s+/);
const COMMANDS = RULES.filter((rule) => rule.startsWith('+'));
const PASSWORD = RULES.find((rule) => rule.startsWith('>'))?.slice(1) ?? '';

/** Creates a Redis user with the given rules on each server. Returns the name of the user. */
async function createUser(urls: readonly string[], rules: readonly string[]): Promise<string> {
  const username = newChallenge();
  for (const url of urls) {
    const admin = await createClient({ url }).connect();
    await admin.sendCommand(['ACL', 'SETUSER', username, ...rules]);
    onTestFinished(async () => {
      await admin.sendCommand(['ACL', 'DELUSER', username]);
      admin.destroy();
    });
  }
  return username;
}

/** Calls each method of the stores at least once, and checks the results. */
async function callAll({ challenges, keys }: Stores): Promise<void> {
  const challenge = newChallenge();
  const record: ChallengeRecord = { purpose: 'assertion', expiresAt: new Date(Date.now() + 60_000) };
  await challenges.put(challenge, record);
  expect(await challenges.take(challenge)).toBeDefined();
  expect(await challenges.fate?.(challenge)).toBe('used');
  expect(await challenges.spend?.(newChallenge(), record)).toBe(true);

  const [user, other] = [newChallenge(), newChallenge()];
  const [key, removed] = [newKey({ receiptDueAt: new Date(3) }), newKey({ subject: user })];
  for (const inserted of [key, removed]) expect(await keys.insert(inserted)).toBe(true);
  expect(await keys.insert(key)).toBe(false);
  expect(await keys.bind(key.keyId, user)).toBe(true);
  expect(await keys.bind(key.keyId, other)).toBe(false);
  const use = { usedAt: new Date(), extensions: { bundleVersion: '1' } };
  expect(await keys.advance(key.keyId, 1, 0, use)).toBe(true);
  expect(await keys.remove(removed.keyId)).toBe(true);
  expect((await keys.list(user, { limit: 10 })).length).toBe(1);
  expect(await keys.receipt(key.keyId)).toBeDefined();
  for (const receiptDueAt of [new Date(4), new Date(1), null, new Date(2)]) {
    expect(await keys.saveReceipt(key.keyId, { receiptDueAt })).toBe(true);
  }
  expect(await keys.due(new Date(2), 1, new Date(2))).toEqual([key.keyId]);
  expect(await keys.revoke(key.keyId)).toBe(true);
  expect(await keys.due(new Date(2), 1, new Date(2))).toEqual([]);
  expect(await keys.find(key.keyId)).toBeDefined();
}

describe('the Redis user of docs/stores.md', () => {
  let server: RedisServer;
  let url: string;
  beforeAll(async () => {
    server = await RedisServer.start();
    url = server.url;
  });
  afterAll(() => server.stop());

  /** Opens stores with a separate prefix. The rules permit the user to use this prefix. */
  const open = (client: RedisClient) =>
    redisStores(client, { prefix: `app-attest:${newChallenge()}:`, timeout: PATIENCE });

  it('may call all methods through the package redis', async () => {
    const client = await createClient({ url, username: await createUser([url], RULES), password: PASSWORD }).connect();
    onTestFinished(() => client.destroy());
    await callAll(open(client));
  });

  it('may call all methods through the package ioredis', async () => {
    const client = new Redis(url, { username: await createUser([url], RULES), password: PASSWORD });
    onTestFinished(() => client.disconnect());
    await callAll(open(client));
  });

  it('may call all methods on a cluster', async () => {
    const urls = inject('addresses').cluster;
    const login = { username: await createUser(urls, RULES), password: PASSWORD };
    const client = await createCluster({ rootNodes: urls.map((node) => ({ url: node })), defaults: login }).connect();
    const ioredis = new Cluster(urls, { redisOptions: login });
    onTestFinished(() => client.destroy());
    onTestFinished(() => ioredis.disconnect());
    for (const stores of [open(client), open(ioredis)]) await callAll(stores);
  });

  it.each(COMMANDS)('needs the permission %s', async (name) => {
    const isForClusters = name.startsWith('+cluster');
    const urls = isForClusters ? inject('addresses').cluster : [url];
    const rules = RULES.filter((rule) => rule !== name);
    const login = { username: await createUser(urls, rules), password: PASSWORD };
    if (isForClusters) {
      const cluster = new Cluster(urls, { redisOptions: login });
      cluster.on('error', () => undefined);
      onTestFinished(() => cluster.disconnect());
      await expect(callAll(redisStores(cluster, { timeout: 2 }))).rejects.toThrow();
      return;
    }
    const client = await createClient({ url, ...login }).connect();
    onTestFinished(() => client.destroy());
    await server.command('SCRIPT FLUSH');
    await expect(callAll(open(client))).rejects.toThrow();
  });
});
