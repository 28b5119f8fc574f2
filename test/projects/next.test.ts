import { afterAll, beforeAll, expect, it } from 'vitest';
import { itProtects } from './support/it-protects.js';
import { createTrustedDevice, Phone } from './support/phone.js';
import { type RunningProject, startProject } from './support/start-project.js';

let project: RunningProject;

beforeAll(async () => {
  const env = { NEXT_TELEMETRY_DISABLED: '1' };
  project = await startProject('next', { build: [['next', 'build']], start: ['next', 'start'], env });
});
afterAll(() => project?.stop());

itProtects(() => project);

/** Sends a signed order with a query. */
async function order(query: string) {
  const phone = new Phone(project.url, '', await createTrustedDevice());
  await phone.register();
  const body = '{"item":"coffee"}';
  const target = `/orders?${query}`;
  return phone.send('POST', target, await phone.sign('POST', target, body), body);
}

it('passes a NextRequest to the handler', async () => {
  const answer = await order('gift=');
  expect(answer, project.output).toMatchObject({ status: 200, body: { ordered: 'coffee', isGift: true } });
});

it('accepts a query that URLSearchParams wrote, and rejects other forms, because Next.js serializes the query again', async () => {
  const query = new URLSearchParams({ gift: 'to Zoë, (you & me)' });
  expect(await order(String(query))).toMatchObject({ status: 200, body: { isGift: true } });
  for (const other of ['gift', 'gift=a%20b', 'gift=a,b']) {
    expect(await order(other), other).toMatchObject({ status: 401, body: { error: 'invalid_signature' } });
  }
});
