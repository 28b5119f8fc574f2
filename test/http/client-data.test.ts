import { describe, expect, it } from 'vitest';
import { httpHandlers } from '../../src/http/index.js';
import type { ClientDataForm } from '../../src/server/client-data-form.js';
import { base64, createBackend, createDevice, sha256 } from '../support/backend.js';
import { contentDigest } from '../support/signed-headers.js';

/** For each form of client data: the text that an app sends, and the bytes that the app passes to the device for signing. */
const APPS: Readonly<Record<ClientDataForm, (text: string) => { text: string; passed: Uint8Array }>> = {
  sha256: (text) => ({ text, passed: sha256(text) }),
  'sha256-decoded': (text) => ({ text: base64(Buffer.from(text)), passed: sha256(text) }),
  raw: (text) => ({ text, passed: Buffer.from(text) }),
};

describe.each(Object.keys(APPS) as ClientDataForm[])('with clientData %j, a protected route', (clientData) => {
  const challengeForms = {
    sha256: sha256,
    raw: Buffer.from,
    'sha256-decoded': (text: string) => sha256(Buffer.from(text, 'base64url')),
  };

  async function registered() {
    const backend = createBackend({ clientData });
    const device = await createDevice();
    const keyId = await device.generateKey();
    const { challenge } = await backend.issueChallenge({ purpose: 'attestation' });
    const token = base64(await device.attestKey(keyId, challengeForms[clientData](challenge)));
    await backend.register({ keyId, challenge, token });
    const handler = httpHandlers(backend).protect((_request, { key }) => Response.json(key.keyId));
    const issue = async () => (await backend.issueChallenge({ purpose: 'assertion' })).challenge;
    return { device, keyId, handler, issue };
  }

  it('accepts a request that is signed in headers, and does not decode its client data', async () => {
    const { device, keyId, handler, issue } = await registered();
    const challenge = await issue();
    const digest = contentDigest('coffee');
    const signed = `POST /orders\n${challenge}\n${digest}`;
    const assertion = await device.generateAssertion(
      keyId,
      clientData === 'raw' ? Buffer.from(signed) : sha256(signed),
    );
    const headers = {
      'x-app-attest-key-id': keyId,
      'x-app-attest-assertion': base64(assertion),
      'x-app-attest-challenge': challenge,
      'content-digest': digest,
    };
    const response = await handler(new Request('http://localhost/orders', { method: 'POST', headers, body: 'coffee' }));
    expect({ status: response.status, body: await response.json() }).toEqual({ status: 200, body: keyId });
  });

  it.each([
    ['/orders', 200],
    ['/refunds', 401],
  ])(
    'that receives a payload in JSON, signed for POST %s, responds to POST /orders with status %d',
    async (target, status) => {
      const { device, keyId, handler, issue } = await registered();
      const { text, passed } = APPS[clientData](`POST ${target}\n${await issue()}\ncoffee`);
      const token = base64(await device.generateAssertion(keyId, passed));
      const body = JSON.stringify({ keyId, payload: text, token });
      const headers = { 'content-type': 'application/json' };
      const response = await handler(new Request('http://localhost/orders', { method: 'POST', headers, body }));
      expect({ status: response.status, body: await response.json() }).toEqual({
        status,
        body: status === 200 ? keyId : { error: 'request_mismatch' },
      });
    },
  );
});
