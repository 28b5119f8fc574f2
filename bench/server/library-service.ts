import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ChallengeStore, Stores } from 'app-attest/server';
import express from 'express';
import type { MeasuredService, ServiceOptions } from './measured-service.js';
import { openPool, openRedisClient, openSqliteClient, PATIENCE } from './open-client.js';

/** The lifetime of a challenge, in seconds. Challenges are issued before a measurement, and must be valid until its end. */
const LIFETIME = 3600;

/** A secret of at least 32 bytes for signed challenges. */
const SECRET = Buffer.alloc(32, 'benchmark');

const KEY_CACHE = { max: 10_000, ttl: 60 };

/** Opens the service with the build of this package in `folder`. One run can compare the builds in two folders. */
export async function openLibrary(folder: string, options: ServiceOptions): Promise<MeasuredService> {
  const { appId, trustAnchor, signedChallenges, keyCache } = options;
  const { createAppAttest }: typeof import('app-attest/server') = await importBuilt(folder, 'server');
  const { expressHandlers }: typeof import('app-attest/express') = await importBuilt(folder, 'express');
  const stores = await openStores(folder, options);
  const challenges = signedChallenges ? await signed(folder, stores.challenges) : stores.challenges;
  const cache: object = keyCache ? { keyCache: KEY_CACHE } : {};
  const appAttest = createAppAttest({
    appId,
    trustAnchors: [trustAnchor],
    challenges,
    keys: stores.keys,
    challengeTtl: LIFETIME,
    ...cache,
  });
  const { challenge, protect } = expressHandlers(appAttest);

  const app = express();
  app.post('/app-attest/challenge', challenge);
  app.post('/orders', protect, (request, response) => {
    response.status(201).json({ ordered: request.body.item });
  });
  return {
    app,
    addKey: async (key) => {
      await stores.keys.insert(key);
    },
    addChallenge: (text) => {
      const issuedAt = new Date();
      const expiresAt = new Date(issuedAt.getTime() + LIFETIME * 1000);
      return challenges.put(text, { purpose: 'assertion', subject: undefined, issuedAt, expiresAt });
    },
    issueChallenge: async () => (await appAttest.issueChallenge({ purpose: 'assertion' })).challenge,
  };
}

async function openStores(folder: string, options: ServiceOptions): Promise<Stores> {
  const { store, url, namespace, maxChallenges } = options;
  switch (store) {
    case 'memory': {
      const { memoryStores }: typeof import('app-attest/server') = await importBuilt(folder, 'server');
      return memoryStores({ maxChallenges });
    }
    case 'SQLite': {
      const { migrate, sqliteStores }: typeof import('app-attest/sqlite') = await importBuilt(folder, 'sqlite');
      const client = openSqliteClient(url, namespace);
      await migrate(client);
      return sqliteStores(client, { timeout: PATIENCE });
    }
    case 'Redis': {
      const { redisStores }: typeof import('app-attest/redis') = await importBuilt(folder, 'redis');
      return redisStores(await openRedisClient(url), { prefix: `${namespace}:`, timeout: PATIENCE });
    }
    case 'PostgreSQL': {
      const module: typeof import('app-attest/postgres') = await importBuilt(folder, 'postgres');
      const { migrate, postgresStores, prepared } = module;
      const pool = openPool(url);
      await migrate(pool, { schema: namespace });
      return postgresStores(options.prepared ? prepared(pool) : pool, { schema: namespace, timeout: PATIENCE });
    }
  }
}

async function signed(folder: string, used: ChallengeStore): Promise<ChallengeStore> {
  const create: unknown = Reflect.get(await importBuilt(folder, 'server'), 'signedChallenges');
  if (typeof create !== 'function') throw new Error(`the build in ${folder} does not export signedChallenges`);
  return create({ secrets: [SECRET], used });
}

function importBuilt(folder: string, name: string) {
  return import(pathToFileURL(join(folder, 'dist', `${name}.js`)).href);
}
