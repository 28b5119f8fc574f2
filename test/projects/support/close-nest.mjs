// Runs in the folder of a project with NestJS. Starts its module, and closes the app while a request arrives. Prints the status
// of the response, and how many connections the module has before and after. An exit of the process would hide open connections.
import 'reflect-metadata';
import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import { AppAttestModule } from './dist/app-attest.module.js';

const { DATABASE_URL: connectionString, PGAPPNAME } = process.env;
const observer = new pg.Client({ connectionString, application_name: 'observer' });
await observer.connect();
const count = async () => {
  const { rowCount } = await observer.query('SELECT FROM pg_stat_activity WHERE application_name = $1', [PGAPPNAME]);
  return rowCount;
};

const app = await NestFactory.create(AppAttestModule, { rawBody: true, logger: false });
await app.listen(0, '127.0.0.1');
const url = `${await app.getUrl()}/app-attest/challenge`;
const body = JSON.stringify({ purpose: 'attestation' });
const headers = { 'content-type': 'application/json' };
await fetch(url, { method: 'POST', headers, body });
const before = await count();

const arrives = once(app.getHttpServer(), 'request');
const slow = request(url, { method: 'POST', headers: { ...headers, 'content-length': body.length }, agent: false });
const response = once(slow, 'response');
slow.write(body.slice(0, 1));
await arrives;
const closed = app.close();
await setTimeout(100);
slow.end(body.slice(1));
const [{ statusCode: status }] = await response;
await closed;

// PostgreSQL may need a moment. The pool would close idle connections only after ten seconds.
for (let attempt = 0; attempt < 50 && (await count()) > 0; attempt++) await setTimeout(100);
console.log(JSON.stringify({ status, before, after: await count() }));
await observer.end();
process.exit();
