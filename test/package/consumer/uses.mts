import type { JsonWebKey, KeyObject } from 'node:crypto';
import {
  AppAttestError,
  type AppAttestErrorCode,
  type AppId,
  type AttestedDevice,
  type AuthenticatorExtensions,
  type DeviceCheckCredentials,
  dueReceipts,
  type Environment,
  type ExtensionPolicy,
  type InspectedAssertion,
  type InspectedAttestation,
  inspectAssertion,
  inspectAttestation,
  type RefreshedReceipt,
  receiptDueAt,
  refreshReceipt,
  type StoredReceipt,
  ValidationCategory,
  type VerifiedAssertion,
  type VerifiedAttestation,
  type VerifiedReceipt,
  verifyAssertion,
  verifyAttestation,
  verifyReceipt,
} from 'app-attest';
import {
  AppAttestClientError,
  type ClientErrorCode,
  createClient,
  type Device,
  type RequestBody,
  type Storage,
} from 'app-attest/client';
import { expressHandlers } from 'app-attest/express';
import { fastifyHandlers } from 'app-attest/fastify';
import { honoHandlers } from 'app-attest/hono';
import {
  AppAttestHttpError,
  type Decision,
  type HttpHandlers,
  httpHandlers,
  type Mode,
  type OnDecision,
  type Verdict,
} from 'app-attest/http';
import {
  type MigrateOptions,
  type Migration,
  migrate,
  migrations,
  type PostgresChallengeStore,
  postgresStores,
  type Queryable,
} from 'app-attest/postgres';
import { type RedisClient, redisStores } from 'app-attest/redis';
import {
  type AppAttest,
  type AppAttestOptions,
  type AuthenticatedRequest,
  type ChallengeStore,
  createAppAttest,
  type KeyStore,
  memoryStores,
  type StoredKey,
} from 'app-attest/server';
import { type ConformanceCase, storeConformance } from 'app-attest/server/conformance';
import { createSessions, type Session, type SessionKey, type Sessions } from 'app-attest/session';
import {
  type D1Like,
  migrate as migrateSqlite,
  type SqliteChallengeStore,
  type SqliteDatabase,
  type SqliteDriver,
  type SqliteStores,
  sqliteStores,
} from 'app-attest/sqlite';
import { createVirtualApple, type VirtualApple, type VirtualDevice, type VirtualOs } from 'app-attest/testing';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';

const app: AppId = { teamId: 'TEAMID1234', bundleId: 'com.example.app' };
const policy: ExtensionPolicy = {
  validationCategories: [ValidationCategory.AppStore, 11],
  bundleVersions: (version: string) => version === '1',
  codeDirectoryHashes: ['00'.repeat(20)],
  whenAbsent: 'reject',
};

export async function attest(token: string, keyId: string, challenge: string): Promise<VerifiedAttestation> {
  const environment: Environment = 'production';
  return verifyAttestation({
    attestation: token,
    keyId,
    challenge,
    appId: [app, 'TEAMID1234.com.example.b'],
    environment,
    policy,
  });
}

export async function assert(token: Uint8Array, publicKey: KeyObject, payload: string): Promise<VerifiedAssertion> {
  // @ts-expect-error the counter is missing
  await verifyAssertion({ assertion: token, publicKey, payload, appId: app });
  return verifyAssertion({ assertion: token, publicKey, payload, appId: app, counter: 0 });
}

export function read(verified: VerifiedAttestation): [0, AttestedDevice, AuthenticatorExtensions | undefined] {
  return [verified.counter, verified.device, verified.extensions];
}

export function inspect(bytes: Uint8Array): [InspectedAttestation, InspectedAssertion] {
  return [inspectAttestation(bytes), inspectAssertion(bytes)];
}

export async function askApple(key: VerifiedAttestation, credentials: DeviceCheckCredentials): Promise<Date | number> {
  const { keyId, receipt, environment, publicKey } = key;
  const refreshed: RefreshedReceipt = await refreshReceipt({ receipt, environment, credentials, fetch, timeout: 5 });
  if (refreshed.notModified) return Number.NaN;
  const verified: VerifiedReceipt = await verifyReceipt({
    receipt: refreshed.receipt,
    appId: app,
    publicKey,
    maxAge: 300,
  });
  const stored: StoredReceipt & { userId: string } = { keyId, userId: 'user', ...verified };
  const [due] = dueReceipts([stored], { interval: 86_400, date: new Date() });
  return due?.userId === 'user' ? (verified.riskMetric ?? 0) : receiptDueAt(stored);
}

export function statusOf(error: AppAttestError): number | undefined {
  return error.status ?? error.retryAfter;
}

export function codeOf(error: unknown): AppAttestErrorCode | undefined {
  // @ts-expect-error the union of codes is closed
  if (error instanceof AppAttestError && error.code === 'no_such_code') return undefined;
  return error instanceof AppAttestError ? error.code : undefined;
}

export async function virtualEvidence(): Promise<VerifiedAttestation> {
  const apple: VirtualApple = await createVirtualApple({ now: () => new Date() });
  const os: VirtualOs = 'iOS 18.5 opt-in';
  const device: VirtualDevice = await apple.createDevice({ appId: app, os, environment: 'development' });
  device.misbehave({ wrongNonce: true });
  const endpoint: typeof fetch = apple.receiptEndpoint();
  await endpoint('https://data.appattest.apple.com/v1/attestationData');
  const { keyId, token } = await device.capacitor.createAttestation({
    keyId: await device.generateKey(),
    challenge: 'challenge',
  });
  const { trustAnchors } = apple;
  return verifyAttestation({ attestation: token, keyId, challenge: 'challenge', appId: app, trustAnchors });
}

/** A custom store needs only the methods of its interface. */
export class OwnChallenges implements ChallengeStore {
  async put(): Promise<void> {}
  async take(): Promise<undefined> {}
}

export async function serve(keys: KeyStore, body: unknown): Promise<[StoredKey, AuthenticatedRequest]> {
  const options: AppAttestOptions = {
    appId: app,
    environment: ['production', 'development'],
    policy,
    challenges: new OwnChallenges(),
    keys,
    challengeTtl: 60,
    counterWindow: 64,
    readChallenge: (payload: Uint8Array) => Buffer.from(payload).toString(),
  };
  const appAttest: AppAttest = createAppAttest(options);
  // @ts-expect-error the purpose is missing
  await appAttest.issueChallenge({ subject: 'user' });
  const { challenge, expiresAt } = await appAttest.issueChallenge({ purpose: 'attestation', subject: 'user' });
  console.log(challenge.length, expiresAt.getTime());
  return [await appAttest.register(body, { subject: 'user' }), await appAttest.authenticate(body)];
}

export async function withAnotherFormat(): Promise<string> {
  const appAttest: AppAttest<{ android: string }> = createAppAttest({
    appId: app,
    formats: {
      'google-play-integrity-standard': async ({ challenge, payload }) => ({ android: challenge ?? payload }),
    },
  });
  const attested = await appAttest.authenticate({});
  return 'key' in attested ? attested.key.keyId : attested.android;
}

export const cases: ConformanceCase[] = storeConformance(() => memoryStores({ maxKeys: 100 }));

export function inDatabases(client: RedisClient, pool: Queryable): [AppAttest, AppAttest, PostgresChallengeStore] {
  const redis = redisStores(client, { prefix: 'our:', timeout: 1 });
  const postgres = postgresStores(pool, { schema: 'our', timeout: 1 });
  // @ts-expect-error the client has no method to run scripts
  redisStores({ get: async () => undefined });
  const backend: AppAttest = createAppAttest({ appId: app, ...redis });
  return [backend, createAppAttest({ appId: app, ...postgres }), postgres.challenges];
}

export function inSqlite(database: D1Like, driver: SqliteDriver): [AppAttest, SqliteChallengeStore] {
  // @ts-expect-error the database has no method to run statements
  sqliteStores({ close: () => undefined });
  const sqlite: SqliteStores = sqliteStores(driver, { timeout: 1 });
  return [createAppAttest({ appId: app, ...sqliteStores(database) }), sqlite.challenges];
}

export const inSqliteTables = (database: SqliteDatabase): Promise<void> => migrateSqlite(database);

export const migrated = (pool: Queryable, options: MigrateOptions): Promise<void> => migrate(pool, options);

export const sql: string[] = migrations.map(({ sql }: Migration) => sql);

export const onDecision: OnDecision = ({ code, error, device }: Decision) => {
  // @ts-expect-error the union of codes is closed
  if (code === 'no_such_code') return undefined;
  return [code, error instanceof AppAttestHttpError, device?.osVersion];
};

/** In report mode, the types require the handler to check whether a request is attested. */
export function reportedRoute(appAttest: AppAttest, mode: Mode): (request: Request) => Promise<Response> {
  const { protect }: HttpHandlers<Verdict> = httpHandlers(appAttest, { mode: () => mode });
  return protect((_request, verdict) => {
    // @ts-expect-error the request is possibly not attested
    verdict.key;
    return Response.json(verdict.attested ? verdict.key.keyId : verdict.code);
  });
}

/** The handlers of each framework receive the verified key. */
export function protectedRoutes(appAttest: AppAttest): unknown[] {
  const app = express();
  app.post('/orders/:id', expressHandlers(appAttest, { onDecision }).protect, (request, response) => {
    const keyId: string = response.locals.appAttest.key.keyId;
    // @ts-expect-error the type has no property none
    response.json({ keyId, id: request.params.id, none: response.locals.appAttest.none });
  });

  const fastify = Fastify();
  const { challenge, protect } = fastifyHandlers(appAttest, { subject: (request) => request.ip });
  fastify.post('/challenge', challenge);
  fastify.post(
    '/orders',
    protect<{ Body: { item: string } }>(async ({ body, appAttest: attested }) => {
      const item: string = body.item;
      // @ts-expect-error the type has no property none
      return { item, keyId: attested.key.keyId, none: attested.none };
    }),
  );

  const hono = new Hono();
  hono.post('/orders', honoHandlers(appAttest).protect, (c) => {
    const keyId: string = c.get('appAttest').key.keyId;
    // @ts-expect-error the type has no property none
    return c.json({ keyId, none: c.get('appAttest').none });
  });

  const order = httpHandlers(appAttest).protect((request, { key }, context: { id: string }) => {
    return Response.json({ url: request.url, keyId: key.keyId, id: context.id });
  });
  const answer: Promise<Response> = order(new Request('http://localhost/'), { id: '7' });
  return [app, fastify, hono, answer];
}

export async function withSessions(appAttest: AppAttest, keys: SessionKey[], jwk: JsonWebKey): Promise<Session> {
  const sessions: Sessions = createSessions({ issuer: 'a', audience: 'b', keys: [...keys, jwk], ttl: 60 });
  const { session, jwks, protectWithSession } = expressHandlers(appAttest, { sessions });
  // @ts-expect-error the handlers for sessions exist only with the option sessions
  expressHandlers(appAttest).protectWithSession;
  const app = express();
  app.post('/session', session);
  app.get('/jwks', jwks);
  app.get('/orders/:id', protectWithSession, (request, response) => {
    const expiresAt: Date = response.locals.appAttest.session.expiresAt;
    // @ts-expect-error a token knows no payload
    response.json({ expiresAt, id: request.params.id, payload: response.locals.appAttest.payload });
  });
  const { token } = await sessions.issue(await appAttest.authenticate({}));
  return sessions.verify(token);
}

/** The client for apps. `device` is written by hand. */
export async function fetchInApp(
  device: Device,
  storage: Storage,
  body: RequestBody,
): Promise<ClientErrorCode | string> {
  const attested = createClient({
    device,
    storage,
    baseUrl: 'https://api.example.com',
    paths: { session: '/session' },
  });
  // @ts-expect-error the storage is missing
  const incomplete = () => createClient({ device, baseUrl: 'https://api.example.com' });
  try {
    await attested.fetch('/orders', { method: 'POST', body, headers: { 'Idempotency-Key': '7' } });
    const response = await attested.fetch('/orders/7', {}, { with: 'session' });
    // @ts-expect-error there are two proofs
    void attested.fetch('/orders/7', {}, { with: 'cookie' });
    return response.text();
  } catch (error) {
    void incomplete;
    return error instanceof AppAttestClientError ? error.code : 'aborted';
  }
}
