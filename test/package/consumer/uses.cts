import appAttest = require('app-attest');
import server = require('app-attest/server');
import conformance = require('app-attest/server/conformance');
import http = require('app-attest/http');
import expressAdapter = require('app-attest/express');
import fastifyAdapter = require('app-attest/fastify');
import honoAdapter = require('app-attest/hono');
import client = require('app-attest/client');
import redis = require('app-attest/redis');
import postgres = require('app-attest/postgres');
import sqlite = require('app-attest/sqlite');
import testing = require('app-attest/testing');

const options: appAttest.VerifyAssertionOptions = {
  assertion: new Uint8Array(),
  publicKey: '',
  payload: '',
  appId: 'TEAMID1234.com.example.app',
  counter: 0,
};

export const verified: Promise<appAttest.VerifiedAssertion> = appAttest.verifyAssertion(options);
export const apple: Promise<testing.VirtualApple> = testing.createVirtualApple();
export const backend: server.AppAttest = server.createAppAttest({ appId: 'TEAMID1234.com.example.app' });
export const cases: conformance.ConformanceCase[] = conformance.storeConformance(() => server.memoryStores());
export const handlers: http.HttpHandlers = http.httpHandlers(backend);
export const routes: [expressAdapter.ExpressHandlers, fastifyAdapter.FastifyHandlers, honoAdapter.HonoHandlers] = [
  expressAdapter.expressHandlers(backend),
  fastifyAdapter.fastifyHandlers(backend),
  honoAdapter.honoHandlers(backend),
];
export const inRedis = (client: redis.IoRedisClient) =>
  server.createAppAttest({ appId: 'TEAMID1234.com.example.app', ...redis.redisStores(client) });
export const inSqlite = (database: sqlite.SqliteDatabase) =>
  server.createAppAttest({ appId: 'TEAMID1234.com.example.app', ...sqlite.sqliteStores(database) });
export const inPostgres = (pool: postgres.Queryable) =>
  server.createAppAttest({ appId: 'TEAMID1234.com.example.app', ...postgres.postgresStores(pool) });
export const app = (plugin: client.AppAttestPlugin, storage: client.Storage): client.AppAttestClient =>
  client.createClient({ device: client.capacitor(plugin), baseUrl: 'https://api.example.com', storage });
