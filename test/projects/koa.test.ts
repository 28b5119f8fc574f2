import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { httpHandlers } from '../../src/http/index.js';
import { createBackend, createDevice } from '../support/backend.js';
import { Client } from '../support/http-client.js';
import { serveNode } from '../support/http-servers.js';
import { send } from '../support/raw-http.js';
import { itProtects } from './support/it-protects.js';
import { createTrustedDevice, Phone } from './support/phone.js';
import { type RunningProject, startProject } from './support/start-project.js';

let project: RunningProject;

beforeAll(async () => {
  project = await startProject('koa', { build: [['tsc']], start: ['node', 'dist/server.js'] });
});
afterAll(() => project?.stop());

itProtects(() => project);

it.each([
  ['/', '/orders/..'],
  ['/orders/', '/orders/%2e'],
])('rejects the signature of %s for %s, which Koa routes differently', async (signed, path) => {
  const phone = new Phone(project.url, '', await createTrustedDevice());
  await phone.register();
  const headers = await phone.sign('GET', signed);
  expect(await send(project.url, { method: 'GET', path, headers })).toMatchObject({ status: 400 });
});

it('does not accept a signature without a body for a body that a parser read earlier', async () => {
  const { default: Koa } = await import(join(project.folder, 'node_modules/koa/lib/application.js'));
  const { attested, respondWith } = await import(join(project.folder, 'dist/attested.js'));
  const handlers = httpHandlers(createBackend());
  const routes = new Map([
    ['/challenge', respondWith(handlers.challenge)],
    ['/registration', respondWith(handlers.registration)],
  ]);
  const app = Object.assign(new Koa(), { silent: true });
  app.use((ctx: Context, next: () => Promise<void>) => (routes.get(ctx.path) ?? next)(ctx, next));
  app.use(async (ctx: Context, next: () => Promise<void>) => {
    ctx.state.parsed = await text(ctx.req);
    return next();
  });
  app.use(attested(handlers));
  app.use((ctx: Context) => {
    ctx.body = ctx.state.parsed;
  });
  const server = await serveNode(app.callback());
  try {
    const client = new Client(server.origin, await createDevice());
    await client.register();
    const headers = await client.sign('POST', '/orders');
    expect(await send(server.origin, { path: '/orders', headers, chunks: ['forged'] })).toMatchObject({ status: 500 });
  } finally {
    await server.close();
  }
});

/** The part of the context of Koa that these tests use. */
interface Context {
  readonly path: string;
  readonly req: NodeJS.ReadableStream;
  readonly state: { parsed?: string };
  body: unknown;
}
