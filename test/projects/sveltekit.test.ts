import { afterAll, beforeAll, expect, it } from 'vitest';
import { answerOf } from '../support/http-client.js';
import { itProtects } from './support/it-protects.js';
import { createTrustedDevice, Phone } from './support/phone.js';
import { type RunningProject, startProject } from './support/start-project.js';

let project: RunningProject;
let phone: Phone;

beforeAll(async () => {
  const build = [['svelte-kit', 'sync'], ['tsc'], ['vite', 'build']];
  project = await startProject('sveltekit', { build, start: ['node', 'build'] });
  phone = new Phone(project.url, '', await createTrustedDevice());
  await phone.register();
});
afterAll(() => project?.stop());

itProtects(() => project);

/** Sends a signed order. Its body is bytes, so that `fetch` adds no content type. */
async function order(body: string, added: Record<string, string>) {
  const headers = { ...(await phone.sign('POST', '/orders', body)), ...added };
  return answerOf(await fetch(`${project.url}/orders`, { method: 'POST', headers, body: Buffer.from(body) }));
}

it('accepts an order of 500 KiB, and rejects a longer order with body_too_large before the adapter stops its body', async () => {
  const json = { 'content-type': 'application/json' };
  const item = 'a'.repeat(500 * 1024);
  expect(await order(JSON.stringify({ item }), json)).toMatchObject({ status: 200 });
  const long = JSON.stringify({ item: 'a'.repeat(600 * 1024) });
  expect(await order(long, json)).toMatchObject({ status: 413, body: { error: 'body_too_large' } });
});

it('rejects a body without a content type, because SvelteKit does not pass on such a body', async () => {
  expect(await order('{"item":"coffee"}', {})).toMatchObject({ status: 401, body: { error: 'request_mismatch' } });
});

it('responds with 403 to forms and text from other origins', async () => {
  const body = '{"item":"coffee"}';
  for (const type of ['text/plain', 'multipart/form-data; boundary=a', 'application/x-www-form-urlencoded']) {
    expect(await order(body, { 'content-type': type }), type).toMatchObject({ status: 403 });
    const { origin } = new URL(project.url.replace('http:', 'https:'));
    expect(await order(body, { 'content-type': type, origin }), type).toMatchObject({ status: 200 });
  }
});

it('responds with 404 to unknown paths, because the project has a page, so that SvelteKit can render errors', async () => {
  expect((await fetch(`${project.url}/unknown`)).status, project.output).toBe(404);
});
