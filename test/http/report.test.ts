import { once } from 'node:events';
import { Agent, type IncomingMessage, request as nodeRequest } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { Decision, Mode } from '../../src/http/index.js';
import { type AppAttestOptions, memoryStores } from '../../src/server/index.js';
import { createBackend, createDevice } from '../support/backend.js';
import { Client } from '../support/http-client.js';
import type { TestServer } from '../support/http-servers.js';
import { send, sendAndLeave } from '../support/raw-http.js';
import { REPORTING, type ReportingOptions } from '../support/reporting-servers.js';
import { contentDigest } from '../support/signed-headers.js';

const servers: TestServer[] = [];
const agents: Agent[] = [];
afterEach(async () => {
  for (const agent of agents.splice(0)) agent.destroy();
  for (const server of servers.splice(0)) await server.close();
});

/** Returns bytes. Twenty or more of these bytes are not valid UTF-8, so a conversion to text would change them. */
const bytesOf = (length: number): Buffer => Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 7) % 256));
const OCTETS = { 'content-type': 'application/octet-stream' };
const JSON_TYPE = { 'content-type': 'application/json' };

/** Sends a body in parts, with a pause after each part, and returns the response. */
async function sendSlowly(origin: string, path: string, parts: readonly Uint8Array[], headers: Record<string, string>) {
  const outgoing = nodeRequest(origin + path, { method: 'POST', headers });
  const answered = once(outgoing, 'response');
  for (const part of parts) {
    outgoing.write(part);
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
  outgoing.end();
  const [response]: [IncomingMessage] = (await answered) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, body: JSON.parse(Buffer.concat(chunks).toString()) };
}

describe.each(Object.entries(REPORTING))('%s in report mode', (_, start) => {
  async function serve(options: Partial<ReportingOptions> = {}, backendOptions: Partial<AppAttestOptions> = {}) {
    const decisions: Decision[] = [];
    const backend = createBackend(backendOptions);
    const server = await start(backend, { mode: 'report', onDecision: (one) => decisions.push(one), ...options });
    servers.push(server);
    const client = new Client(server.origin, await createDevice());
    expect((await client.register()).status).toBe(201);
    await expect.poll(() => decisions.length).toBe(2);
    decisions.length = 0;
    return { backend, client, decisions, origin: server.origin };
  }

  const passed = (verdict: string, bytes: Uint8Array) => ({
    status: 200,
    body: { verdict, base64: Buffer.from(bytes).toString('base64') },
  });

  it('lets a request without an assertion through, unchanged, and reports it', async () => {
    const { client, decisions } = await serve();
    const bytes = bytesOf(1000);
    const answer = await client.post('/raw', bytes, OCTETS);
    expect(answer).toMatchObject(passed('unsupported_media_type', bytes));
    expect(answer.body).toMatchObject({ type: 'application/octet-stream' });
    expect(await client.post('/json', '{"item":"coffee"}', {})).toMatchObject({
      status: 200,
      body: { verdict: 'assertion_missing', json: { item: 'coffee' } },
    });
    await expect.poll(() => decisions.length).toBe(2);
    expect(decisions[1]).toMatchObject({
      outcome: 'reported',
      route: 'protected',
      code: 'assertion_missing',
      status: 401,
    });
  });

  it('gives the handler of an attested request the verdict and the body that arrived', async () => {
    const { client, decisions } = await serve();
    const bytes = bytesOf(100_000);
    const headers = await client.sign('POST', '/raw', bytes);
    expect(await client.post('/raw', bytes, { ...headers, ...OCTETS })).toMatchObject(passed(client.keyId, bytes));
    expect(await client.get('/orders', await client.sign('GET', '/orders'))).toMatchObject({
      status: 200,
      body: { verdict: client.keyId },
    });
    await expect.poll(() => decisions.filter(({ outcome }) => outcome === 'accepted').length).toBe(4);
  });

  it('gives the handler JSON of the Capacitor plugin as the client sent it', async () => {
    const { client } = await serve();
    const sent = async (path: string) => {
      const payload = `POST ${path}\n${await client.challenge()}\n{"item":"coffee"}`;
      return ` ${JSON.stringify(await client.body(payload))}\n`;
    };
    const bytes = Buffer.from(await sent('/raw'));
    expect(await client.post('/raw', bytes, {})).toMatchObject(passed(client.keyId, bytes));
    const json = await sent('/json');
    expect(await client.post('/json', json, {})).toMatchObject({
      status: 200,
      body: { verdict: client.keyId, json: JSON.parse(json) },
    });
    const malformed = Buffer.from('{"keyId": ');
    expect(await client.post('/raw', malformed, {})).toMatchObject(passed('malformed_assertion', malformed));
  });

  it('reports a request whose Content-Digest is malformed or does not match the body', async () => {
    const { client } = await serve();
    const [signed, sent] = [bytesOf(10), bytesOf(20)];
    const headers = { ...(await client.sign('POST', '/raw', signed)), ...OCTETS };
    expect(await client.post('/raw', sent, headers)).toMatchObject(passed('request_mismatch', sent));
    const malformed = { ...headers, 'content-digest': 'sha-256=:AA:' };
    expect(await client.post('/raw', sent, malformed)).toMatchObject(passed('malformed_request', sent));
  });

  it('reports a replayed request, and requests with a revoked or unknown key', async () => {
    const { backend, client } = await serve();
    const bytes = bytesOf(10);
    const headers = { ...(await client.sign('POST', '/raw', bytes)), ...OCTETS };
    await client.post('/raw', bytes, headers);
    expect(await client.post('/raw', bytes, headers)).toMatchObject(passed('challenge_used', bytes));
    await backend.revoke(client.keyId);
    const again = { ...(await client.sign('POST', '/raw', bytes)), ...OCTETS };
    expect(await client.post('/raw', bytes, again)).toMatchObject(passed('key_revoked', bytes));
    const other = { ...(await client.sign('POST', '/raw', bytes)), ...OCTETS, 'x-app-attest-key-id': 'none' };
    expect(await client.post('/raw', bytes, other)).toMatchObject(passed('key_unknown', bytes));
  });

  it.each([
    ['with', (bytes: Buffer) => ({ body: bytes })],
    ['without', (bytes: Buffer) => ({ chunks: [bytes.subarray(0, 300), bytes.subarray(300)] })],
  ])('gives the handler a body that is longer than bodyLimit (%s Content-Length)', async (_case, sending) => {
    const { client, origin } = await serve({ bodyLimit: 1000 });
    const bytes = bytesOf(300_000);
    const answer = await send(origin, { path: '/raw', headers: JSON_TYPE, ...sending(bytes) });
    expect(answer).toMatchObject(passed('body_too_large', bytes));
    const headers = { ...(await client.sign('POST', '/raw', bytes)), ...OCTETS };
    expect(await send(origin, { path: '/raw', headers, ...sending(bytes) })).toMatchObject(
      passed('body_too_large', bytes),
    );
  });

  it('gives the handler the complete body if it arrives after bodyTimeout', async () => {
    const { client, origin } = await serve({ bodyTimeout: 0.2 });
    const bytes = bytesOf(5000);
    const parts = [bytes.subarray(0, 2000), bytes.subarray(2000, 3000), bytes.subarray(3000)];
    expect(await sendSlowly(origin, '/raw', parts, JSON_TYPE)).toMatchObject(passed('body_timeout', bytes));
    const headers = { ...(await client.sign('POST', '/raw', bytes)), ...OCTETS };
    expect(await sendSlowly(origin, '/raw', parts, headers)).toMatchObject(passed('body_timeout', bytes));
  });

  it('gives the handler a body for which bodyBudget has no space', async () => {
    const { client, origin } = await serve({ bodyLimit: 2000, registrationLimit: 20_000, bodyBudget: 80_000 });
    const holding = Array.from({ length: 11 }, () => {
      const outgoing = nodeRequest(`${origin}/raw`, { method: 'POST', headers: JSON_TYPE });
      outgoing.on('error', () => undefined).write(bytesOf(1900));
      return outgoing;
    });
    const bytes = bytesOf(1950);
    await expect.poll(() => client.post('/raw', bytes, {})).toMatchObject(passed('overloaded', bytes));
    for (const outgoing of holding) outgoing.destroy();
  });

  it.each([
    ['is down', () => Promise.reject(new Error('connect ECONNREFUSED'))],
    ['does not respond', () => new Promise<never>(() => undefined)],
  ])('lets requests through if a store %s', async (_case, take) => {
    const stores = memoryStores();
    const { client } = await serve({ decisionTimeout: 0.2 }, stores);
    const bytes = bytesOf(10);
    const headers = { ...(await client.sign('POST', '/raw', bytes)), ...OCTETS };
    stores.challenges.take = take;
    expect(await client.post('/raw', bytes, headers)).toMatchObject(passed('unavailable', bytes));
  });

  it('lets a request through if the subject function returns no user', async () => {
    let subject: string | undefined = 'alice';
    const { client } = await serve({ subject: () => subject });
    const bytes = bytesOf(10);
    const headers = { ...(await client.sign('POST', '/raw', bytes)), ...OCTETS };
    subject = undefined;
    expect(await client.post('/raw', bytes, headers)).toMatchObject(passed('subject_missing', bytes));
  });

  it('keeps the connection usable if the handler does not read the body', async () => {
    const { origin } = await serve({ bodyLimit: 1000 });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    agents.push(agent);
    const ports = new Set<unknown>();
    for (let round = 0; round < 3; round += 1) {
      const outgoing = nodeRequest(`${origin}/ignored`, { method: 'POST', headers: JSON_TYPE, agent });
      outgoing.write(bytesOf(600));
      outgoing.end(bytesOf(200_000));
      const [response]: [IncomingMessage] = (await once(outgoing, 'response')) as [IncomingMessage];
      ports.add(response.socket.localPort);
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      expect(JSON.parse(Buffer.concat(chunks).toString())).toEqual({ verdict: 'body_too_large' });
    }
    expect(ports.size).toBe(1);
  });

  it('reports a request whose connection closes before the body is complete, and serves the next request', async () => {
    const { client, decisions, origin } = await serve();
    const head = 'POST /raw HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{';
    await sendAndLeave(origin, head);
    await expect.poll(() => decisions.map(({ code }) => code)).toEqual(['body_incomplete']);
    expect((await client.post('/raw', '{}', {})).status).toBe(200);
  });

  it('still rejects invalid requests on the routes for challenges, registrations and assertions', async () => {
    const { client } = await serve();
    expect((await client.post('/challenge', '{}', {})).status).toBe(400);
    expect((await client.post('/registration', '{}', {})).status).toBe(400);
    expect(await client.post('/assertion', '{}', {})).toMatchObject({
      status: 401,
      body: { error: 'assertion_missing' },
    });
  });

  describe('with a function that chooses the mode', () => {
    it('applies the mode that the function returns for the key identifier of the request', async () => {
      const enforced = new Set<string | undefined>();
      const mode = (_request: unknown, { keyId }: { keyId: string | undefined }): Mode => {
        return enforced.has(keyId) ? 'enforce' : 'report';
      };
      const { client } = await serve({ mode });
      const forged = async () => ({ ...(await client.sign('POST', '/json', '{}')), 'x-app-attest-assertion': 'AAAA' });
      const plugin = async () => {
        const payload = `POST /json\n${await client.challenge()}\n{"item":"coffee"}`;
        return JSON.stringify({ ...(await client.body(payload)), item: 'gold' });
      };
      expect(await client.post('/json', '{}', await forged())).toMatchObject({
        status: 200,
        body: { verdict: 'malformed_assertion' },
      });
      enforced.add(client.keyId);
      const base64url = Buffer.from(client.keyId, 'base64').toString('base64url');
      for (const keyId of [client.keyId, base64url]) {
        const headers = { ...(await forged()), 'x-app-attest-key-id': keyId };
        expect(await client.post('/json', '{}', headers)).toMatchObject({
          status: 400,
          body: { error: 'malformed_assertion' },
        });
      }
      expect(await client.post('/json', await plugin(), {})).toMatchObject({
        status: 200,
        body: { verdict: client.keyId, json: { item: 'coffee' } },
      });
      expect(await client.post('/json', '{}', {})).toMatchObject({
        status: 200,
        body: { verdict: 'assertion_missing' },
      });
      enforced.add(undefined);
      expect(await client.post('/json', '{}', {})).toMatchObject({ status: 401, body: { error: 'assertion_missing' } });
      const slow = { ...(await client.sign('POST', '/json', '{"item":"coffee"}')), ...JSON_TYPE };
      expect(await client.post('/json', '{"item":"coffee"}', slow)).toMatchObject({
        body: { json: { item: 'coffee' } },
      });
    });

    it.each([
      [
        'throws',
        () => {
          throw new Error('no flags');
        },
      ],
      ['returns a promise', async () => 'report'],
      ['returns a promise that rejects', () => Promise.reject(new Error('no flags'))],
      ['returns nothing', () => undefined],
      ['returns a word that is not a mode', () => 'REPORT'],
    ])('rejects every request, and uses up no challenge, if the function %s', async (_case, broken) => {
      let isBroken = true;
      const mode = () => (isBroken ? broken() : 'report') as Mode;
      const { client, decisions } = await serve({ mode });
      const bytes = bytesOf(10);
      const headers = { ...(await client.sign('POST', '/raw', bytes)), ...OCTETS };
      const unavailable = { status: 503, body: { error: 'unavailable' } };
      expect(await client.post('/raw', bytes, headers)).toMatchObject(unavailable);
      expect(await client.post('/raw', bytes, OCTETS)).toMatchObject(unavailable);
      await expect.poll(() => decisions.filter(({ outcome }) => outcome === 'refused').length).toBe(2);
      isBroken = false;
      expect(await client.post('/raw', bytes, headers)).toMatchObject(passed(client.keyId, bytes));
    });

    it('calls the function once for each request', async () => {
      let calls = 0;
      const mode = (): Mode => {
        calls += 1;
        return 'report';
      };
      const { client } = await serve({ mode });
      await client.get('/orders', {});
      await client.get('/orders', await client.sign('GET', '/orders'));
      const bytes = bytesOf(3);
      await client.post('/raw', bytes, { ...OCTETS, 'content-digest': contentDigest(bytes) });
      expect(calls).toBe(3);
    });
  });
});
