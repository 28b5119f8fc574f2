import { fileURLToPath } from 'node:url';
import express from 'express';
import { afterEach, expect, it } from 'vitest';
import { httpLoad } from '../../bench/server/http-load.js';
import { rawPost } from '../../bench/server/signed-requests.js';
import { type Database, STORE_KINDS, type StoreKind, startDatabase } from '../../bench/server/store-kinds.js';
import { openPostgres } from '../../examples/postgres.js';
import { openRedis } from '../../examples/redis.js';
import { withSignedChallenges } from '../../examples/signed-challenges.js';
import { openSqlite } from '../../examples/sqlite.js';
import { expressHandlers } from '../../src/http/express.js';
import { type AppAttestOptions, createAppAttest } from '../../src/server/index.js';
import type { VirtualDevice } from '../../src/testing/index.js';
import { appId, apple, createDevice } from '../support/backend.js';
import { memoryInUse } from '../support/cost.js';
import { serveNode } from '../support/http-servers.js';
import { PATIENCE } from './support/store-kinds.js';

/**
 * The number of anonymous requests. If their challenges were stored, these would take 3.7 MiB in Redis, and more in the other
 * stores. The benchmark `npm run bench -- flood` sends a million requests.
 */
const REQUESTS = 20_000;
const ALLOWED = 2 * 2 ** 20;
const CONNECTIONS = 50;
const SECRET = 'a secret of the tests, with at least 32 bytes';

type StoreOptions = Pick<AppAttestOptions, 'challenges' | 'keys'>;

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** Without stores, `createAppAttest` signs challenges. */
async function openStores(kind: StoreKind, database: Database | undefined): Promise<StoreOptions> {
  if (!database) return {};
  const url = database.urlAt();
  if (kind === 'SQLite') {
    const { client, stores } = await openSqlite(`${fileURLToPath(url)}/app-attest.db`, PATIENCE);
    closing.push(() => client.close());
    return withSignedChallenges(stores, SECRET);
  }
  if (kind === 'Redis') {
    const { client, stores } = await openRedis(url, PATIENCE);
    closing.push(() => client.destroy());
    return withSignedChallenges(stores, SECRET);
  }
  const { pool, stores } = openPostgres(url, PATIENCE);
  closing.push(() => pool.end());
  return withSignedChallenges(stores, SECRET);
}

async function startService(stores: StoreOptions): Promise<string> {
  const appAttest = createAppAttest({ appId, trustAnchors: apple.trustAnchors, ...stores });
  const { challenge, registration, protect } = expressHandlers(appAttest);
  const app = express();
  app.post('/challenge', challenge);
  app.post('/registration', registration);
  app.post('/orders', protect, (_request, response) => {
    response.sendStatus(204);
  });
  const server = await serveNode(app);
  closing.push(() => server.close());
  return server.origin;
}

async function flood(origin: string, count: number): Promise<void> {
  const request = rawPost('/challenge', '{"purpose":"assertion"}');
  let sent = 0;
  function* queue() {
    while (sent < count) {
      sent += 1;
      yield request;
    }
  }
  const load = await httpLoad(Number(new URL(origin).port), Array.from({ length: CONNECTIONS }, queue));
  expect(load).toMatchObject({ completed: count, refused: 0 });
}

/** A user with a device and its key. The requests go to the service over HTTP. */
class User {
  readonly #origin: string;
  readonly #device: VirtualDevice;
  readonly #keyId: string;

  static async create(origin: string): Promise<User> {
    const device = await createDevice();
    return new User(origin, device, await device.generateKey());
  }

  private constructor(origin: string, device: VirtualDevice, keyId: string) {
    this.#origin = origin;
    this.#device = device;
    this.#keyId = keyId;
  }

  async challenge(purpose: 'attestation' | 'assertion'): Promise<string> {
    const response = await this.#post('/challenge', JSON.stringify({ purpose }));
    return Object(await response.json()).challenge;
  }

  /** Returns the status of the response, which is 201 for success. */
  async register(challenge: string): Promise<number> {
    const evidence = await this.#device.capacitor.createAttestation({ keyId: this.#keyId, challenge });
    return (await this.#post('/registration', JSON.stringify(evidence))).status;
  }

  /** Returns the status of the response, which is 204 for success. */
  async order(challenge: string): Promise<number> {
    const order = { method: 'POST', target: '/orders', body: '{"item":"coffee"}' };
    const signed = await this.#device.signRequest({ ...order, challenge, keyId: this.#keyId });
    return (await this.#post(order.target, order.body, signed)).status;
  }

  #post(target: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.#origin + target, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
  }
}

it.each(STORE_KINDS)(
  'with state in %s, a flood of requests for challenges takes neither memory nor disk, and no user is rejected',
  async (kind) => {
    const database = await startDatabase(kind);
    if (database) closing.push(() => database.stop());
    const origin = await startService(await openStores(kind, database));
    const users = await Promise.all(Array.from({ length: 10 }, () => User.create(origin)));
    for (const user of users) {
      expect(await user.register(await user.challenge('attestation'))).toBe(201);
      expect(await user.order(await user.challenge('assertion'))).toBe(204);
    }
    const newcomer = await User.create(origin);
    // The first requests make Node.js compile code, which takes memory once.
    await flood(origin, 2000);

    const early = await Promise.all(users.map((user) => user.challenge('assertion')));
    const registering = await newcomer.challenge('attestation');
    const before = { process: memoryInUse(), database: (await database?.size()) ?? 0 };
    const flooding = flood(origin, REQUESTS);
    for (const user of users.slice(0, 5)) expect(await user.order(await user.challenge('assertion'))).toBe(204);
    await flooding;
    expect(memoryInUse() - before.process).toBeLessThan(ALLOWED);
    expect(((await database?.size()) ?? 0) - before.database).toBeLessThan(ALLOWED);
    for (const [index, user] of users.entries()) expect(await user.order(early[index] ?? '')).toBe(204);
    expect(await newcomer.register(registering)).toBe(201);
  },
);
