import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AppAttestClient, capacitor, createClient } from '../../src/client/index.js';
import { memoryStorage } from '../support/app-client.js';
import { type FindRoute, itProtects, type OrderRoute } from './support/it-protects.js';
import { createTrustedDevice, Phone } from './support/phone.js';
import { type RunningProject, startProject } from './support/start-project.js';

const ORDER: OrderRoute = {
  target: '/trpc/order',
  body: (item) => JSON.stringify({ item }),
  answer: (item, keyId) => ({ result: { data: { ordered: item, by: keyId } } }),
};
const FIND: FindRoute = {
  target: `/trpc/find?input=${encodeURIComponent('{"id":"7"}')}`,
  answer: (keyId) => ({ result: { data: { order: '7', by: keyId } } }),
};

let project: RunningProject;

beforeAll(async () => {
  project = await startProject('trpc', { build: [['tsc']], start: ['node', 'dist/server.js'] });
});
afterAll(() => project?.stop());

itProtects(() => project, { order: ORDER, find: FIND });

describe('the client of tRPC', () => {
  /** The part of the client that these tests use. */
  interface Trpc {
    order: { mutate(input: { item: string }): Promise<unknown> };
    find: { query(input: { id: string }): Promise<unknown> };
  }

  /** Loads the client from the project, whose packages this repository does not install. */
  const connect = async () => {
    const app: { connect(attested: AppAttestClient): Trpc } = await import(join(project.folder, 'dist/app.js'));
    const { capacitor: plugin } = await createTrustedDevice();
    const storage = memoryStorage();
    const trpc = app.connect(createClient({ device: capacitor(plugin), storage, baseUrl: project.url }));
    return { trpc, keyId: () => [...storage.items.values()][0] };
  };

  it('signs a mutation and a query', async () => {
    const { trpc, keyId } = await connect();
    expect(await trpc.order.mutate({ item: 'coffee' })).toEqual({ ordered: 'coffee', by: keyId() });
    expect(await trpc.find.query({ id: '7' })).toEqual({ order: '7', by: keyId() });
  });

  it('signs all calls of a batch together', async () => {
    const { trpc, keyId } = await connect();
    const items = ['coffee', 'tea'];
    const answers = await Promise.all(items.map((item) => trpc.order.mutate({ item })));
    expect(answers).toEqual(items.map((ordered) => ({ ordered, by: keyId() })));
  });
});

it('rejects a whole batch if one of its calls was changed', async () => {
  const phone = new Phone(project.url, '', await createTrustedDevice());
  await phone.register();
  const target = '/trpc/order,order?batch=1';
  const batch = (second: string) => JSON.stringify({ 0: { item: 'coffee' }, 1: { item: second } });
  const send = async (body: string) => phone.send('POST', target, await phone.sign('POST', target, batch('tea')), body);
  const result = (ordered: string) => ({ result: { data: { ordered, by: phone.keyId } } });
  expect(await send(batch('tea'))).toMatchObject({ status: 200, body: [result('coffee'), result('tea')] });
  expect(await send(batch('gold'))).toMatchObject({ status: 401, body: { error: 'request_mismatch' } });
});
