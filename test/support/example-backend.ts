import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import type { AppAttestOptions } from '../../src/server/index.js';
import { apple, createDevice } from './backend.js';
import { answerOf, Client, challengeFrom, postJson } from './http-client.js';
import type { TestServer } from './http-servers.js';
import { signedHeaders } from './signed-headers.js';

/** Loads an example in a temporary folder, where it may create a database. Makes it trust the virtual Apple instead of Apple. */
export function trusting<Example>(load: () => Promise<Example>): Promise<Example> {
  vi.doMock('app-attest/server', async (importOriginal) => {
    const server = await importOriginal<typeof import('../../src/server/index.js')>();
    return {
      ...server,
      createAppAttest: (options: AppAttestOptions) => {
        return server.createAppAttest({ ...options, trustAnchors: apple.trustAnchors });
      },
    };
  });
  const folder = mkdtempSync(join(tmpdir(), 'app-attest-example-'));
  process.chdir(folder);
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return load();
}

/**
 * Registers a device with an example. Orders coffee, signed in headers and as JSON of the Capacitor plugin. Then expects the
 * example to reject a replayed order, an order without a signature, and an order that was changed after it was signed.
 */
export async function useExample(server: TestServer): Promise<void> {
  const client = new Client(`${server.origin}/app-attest`, await createDevice());
  expect((await client.register()).status).toBe(201);
  const orders = new Client(server.origin, client.device);
  const body = '{"item":"coffee"}';
  const sign = async () => {
    const challenge = await challengeFrom(client.origin, 'assertion');
    return signedHeaders(client.device, client.keyId, { method: 'POST', target: '/orders', challenge, body });
  };
  const payload = async () => `POST /orders\n${await challengeFrom(client.origin, 'assertion')}\n${body}`;

  const headers = await sign();
  const coffee = { status: 200, body: { by: client.keyId } };
  const answers = [
    await orders.post('/orders', body, headers),
    await postJson(`${server.origin}/orders`, await client.body(await payload())),
  ];
  for (const answer of answers) {
    expect(answer).toMatchObject(coffee);
    expect(JSON.stringify(answer.body)).toContain('coffee');
  }

  const refused = (error: string) => ({ status: 401, body: { error } });
  expect(await orders.post('/orders', body, headers)).toMatchObject(refused('challenge_used'));
  expect(await orders.post('/orders', '{"item":"coffee"}', {})).toMatchObject(refused('assertion_missing'));
  expect(await orders.post('/orders', '{"item":"gold"}', await sign())).toMatchObject(refused('request_mismatch'));
}

/**
 * Registers a device with an example, and sends a signed GET request twice. Expects the example to reject the second request.
 */
export async function findOrder(server: TestServer): Promise<void> {
  const client = new Client(`${server.origin}/app-attest`, await createDevice());
  expect((await client.register()).status).toBe(201);
  const request = { method: 'GET', target: '/orders/7' };
  const challenge = await challengeFrom(client.origin, 'assertion');
  const headers = await signedHeaders(client.device, client.keyId, { ...request, challenge });
  const find = async () => answerOf(await fetch(server.origin + request.target, { headers }));
  expect(await find()).toMatchObject({ status: 200, body: { order: '7', by: client.keyId } });
  expect(await find()).toMatchObject({ status: 401, body: { error: 'challenge_used' } });
}
