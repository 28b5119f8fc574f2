import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createClient } from '../../src/client/index.js';
import { httpHandlers } from '../../src/http/index.js';
import { verifyAssertion, verifyAttestation } from '../../src/index.js';
import { memoryStorage } from '../support/app-client.js';
import { backendWithDevice, createBackend } from '../support/backend.js';

interface Vectors {
  baseUrl: string;
  appId: string;
  challenge: string;
  keyId: string;
  publicKey: string;
  registration: {
    url: string;
    clientDataHash: string;
    body: { keyId: string; challenge: string; token: string };
    validAt: string;
    trustAnchor: string;
  };
  requests: {
    name: string;
    method: string;
    url: string;
    target: string;
    body: string;
    contentDigest: string;
    payload: string;
    clientDataHash: string;
    counter: number;
    assertion: string;
  }[];
}

const vectors: Vectors = JSON.parse(readFileSync('fixtures/protocol.json', 'utf8'));
const { baseUrl, appId, challenge, keyId, publicKey } = vectors;
afterEach(() => vi.restoreAllMocks());

describe('the test vector of the registration', () => {
  const { url, clientDataHash, body, validAt, trustAnchor } = vectors.registration;

  it('equals what the client attests and sends', async () => {
    const attest = vi.fn(async () => body.token);
    const sent: [string, RequestInit][] = [];
    const fetch = async (address: string, init: RequestInit) => {
      sent.push([address, init]);
      return Response.json({ challenge: body.challenge, keyId: body.keyId });
    };
    const device = {
      isSupported: async () => true,
      generateKey: async () => body.keyId,
      attest,
      assert: async () => '',
    };
    await createClient({ device, baseUrl, storage: memoryStorage(), fetch }).register();
    expect(attest).toHaveBeenCalledWith(body.keyId, body.challenge);
    expect(sent.map(([address]) => address)).toEqual([`${baseUrl}/app-attest/challenge`, url]);
    const [asked, registered] = sent.map(([, init]) => JSON.parse(String(init.body)));
    expect(asked).toEqual({ purpose: 'attestation' });
    expect(registered).toEqual(body);
  });

  it('is accepted by the server', async () => {
    const hash = createHash('sha256').update(body.challenge).digest();
    expect(hash.toString('hex')).toBe(clientDataHash);
    const now = () => new Date(validAt);
    const backend = createBackend();
    vi.spyOn(backend, 'register').mockImplementation(async (passed) => {
      const { token, ...rest }: { token?: unknown; keyId?: unknown; challenge?: unknown } = Object(passed);
      expect(rest).toEqual({ keyId: body.keyId, challenge: body.challenge });
      await verifyAttestation({
        attestation: String(token),
        clientDataHash: hash,
        keyId: body.keyId,
        appId,
        trustAnchors: [trustAnchor],
        date: now(),
      });
      return (await backendWithDevice()).key;
    });
    const response = await httpHandlers(backend).registration(
      new Request(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      }),
    );
    expect(response.status).toBe(201);
  });
});

for (const vector of vectors.requests) {
  describe(`the test vector of ${vector.name}`, () => {
    const body = Buffer.from(vector.body, 'base64');
    const headers = {
      'X-App-Attest-Key-Id': keyId,
      'X-App-Attest-Assertion': vector.assertion,
      'X-App-Attest-Challenge': challenge,
      ...(body.length > 0 && { 'Content-Digest': vector.contentDigest }),
    };

    it('equals what the client signs and sends', async () => {
      const assert = vi.fn(async () => vector.assertion);
      const sent: [string, RequestInit][] = [];
      const fetch = async (url: string, init: RequestInit) => {
        if (url === `${baseUrl}/app-attest/challenge`) return Response.json({ challenge });
        if (url === `${baseUrl}/app-attest/registration`) return Response.json({ keyId }, { status: 201 });
        sent.push([url, init]);
        return new Response(null);
      };
      const device = {
        isSupported: async () => true,
        generateKey: async () => keyId,
        attest: async () => 'AA==',
        assert,
      };
      const attested = createClient({ device, baseUrl, storage: memoryStorage(), fetch });
      const target = vector.url.slice(baseUrl.length);
      await attested.fetch(target, { method: vector.method, ...(body.length > 0 && { body: new Uint8Array(body) }) });
      expect(assert).toHaveBeenCalledWith(keyId, vector.payload);
      const [[url, init] = ['', {}]] = sent;
      expect(url).toBe(baseUrl + vector.target);
      expect(new Headers(init.headers)).toEqual(new Headers(headers));
      expect(Buffer.from(await new Response(init.body ?? null).arrayBuffer())).toEqual(body);
    });

    it('is accepted by the server', async () => {
      const { backend, key } = await backendWithDevice();
      const authenticate = vi.spyOn(backend, 'authenticate');
      authenticate.mockImplementation(async (passed) => {
        const { payload }: { payload?: unknown } = Object(passed);
        if (!Buffer.isBuffer(payload)) throw new TypeError('the payload must be bytes');
        expect(payload.toString()).toBe(vector.payload);
        expect(createHash('sha256').update(payload).digest('hex')).toBe(vector.clientDataHash);
        const { assertion, counter } = vector;
        await verifyAssertion({ assertion, publicKey, payload, appId, counter: counter - 1 });
        return { key, payload };
      });
      const order = httpHandlers(backend).protect(async (request) => {
        return new Response(request.method === 'GET' ? null : await request.arrayBuffer());
      });
      const init = { method: vector.method, headers, ...(body.length > 0 && { body }) };
      const response = await order(new Request(baseUrl + vector.target, init));
      expect(response.status).toBe(200);
      expect(Buffer.from(await response.arrayBuffer())).toEqual(body);
      expect(authenticate).toHaveBeenCalledTimes(1);
    });
  });
}
