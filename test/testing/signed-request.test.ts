import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { inspectAssertion, verifyAssertion, verifyAttestation } from '../../src/index.js';
import { createVirtualApple } from '../../src/testing/index.js';
import { expectCode } from '../support/rejection.js';

const appId = 'TEAMID1234.com.example.app';
const apple = await createVirtualApple();
const { trustAnchors } = apple;
const challenge = 'A'.repeat(43);
const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest();

async function deviceWithKey() {
  const device = await apple.createDevice({ appId });
  const keyId = await device.generateKey();
  const attestation = await device.attestKey(keyId, sha256(challenge));
  const key = await verifyAttestation({ attestation, keyId, challenge, appId, trustAnchors });
  return { device, key, keyId };
}

const names = ['X-App-Attest-Key-Id', 'X-App-Attest-Assertion', 'X-App-Attest-Challenge'];
// RFC 9530, appendix D: the digest of an empty body.
const NOTHING = 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:';

describe('signRequest', () => {
  it.each([
    ['text', '{"item":"grüße"}', `sha-256=:${sha256('{"item":"grüße"}').toString('base64')}:`],
    ['bytes', Uint8Array.of(0xff, 0), `sha-256=:${sha256(Uint8Array.of(0xff, 0)).toString('base64')}:`],
    ['an absent body', undefined, NOTHING],
    ['an empty text', '', NOTHING],
  ])('signs method, target, challenge and the digest of %s', async (_, body, digest) => {
    const { device, key, keyId } = await deviceWithKey();
    const headers = await device.signRequest({ method: 'PUT', target: '/orders/7?a=ä%20b', body, challenge });
    expect(Object.keys(headers)).toEqual(digest === NOTHING ? names : [...names, 'Content-Digest']);
    expect(headers).toMatchObject({ 'X-App-Attest-Key-Id': keyId, 'X-App-Attest-Challenge': challenge });
    if (digest !== NOTHING) expect(headers['Content-Digest']).toBe(digest);

    const verified = await verifyAssertion({
      assertion: headers['X-App-Attest-Assertion'] ?? '',
      publicKey: key.publicKey,
      payload: `PUT /orders/7?a=ä%20b\n${challenge}\n${digest}`,
      appId,
      counter: 0,
    });
    expect(verified.counter).toBe(1);
  });

  it('signs with the key that was attested last, or with the key in the option keyId', async () => {
    const { device, keyId } = await deviceWithKey();
    const latest = await device.generateKey();
    const request = { method: 'GET', target: '/', challenge };
    expect(await device.signRequest(request)).toMatchObject({ 'X-App-Attest-Key-Id': keyId });
    await device.attestKey(latest, sha256(challenge));
    expect(await device.signRequest(request)).toMatchObject({ 'X-App-Attest-Key-Id': latest });
    expect(await device.signRequest({ ...request, keyId })).toMatchObject({ 'X-App-Attest-Key-Id': keyId });
  });

  it('throws an error if no key was attested, or if the attested key was lost', async () => {
    const device = await apple.createDevice({ appId });
    const keyId = await device.generateKey();
    const request = { method: 'GET', target: '/', challenge };
    await expect(device.signRequest(request)).rejects.toMatchObject({ code: 'invalidKey' });
    await device.attestKey(keyId, sha256(challenge));
    device.loseKey(keyId);
    await expect(device.signRequest(request)).rejects.toMatchObject({ code: 'invalidKey' });
  });

  it('rejects a misspelt option', async () => {
    const { device } = await deviceWithKey();
    const request = { method: 'POST', target: '/', challenge, content: '{}' };
    await expectCode(() => device.signRequest(request), 'invalid_argument');
  });

  const start = 'target of signRequest must be a path and query that starts with "/"';
  const { href } = new URL('https://api.example.com/orders');
  it.each([
    [{ challenge: undefined }, 'the option challenge of signRequest is undefined'],
    [{ challenge: '' }, 'challenge of signRequest must be the text that the server issued, not ""'],
    [{ challenge: { challenge } }, 'challenge of signRequest must be text, not object'],
    [{ method: 'post' }, 'method of signRequest must be an HTTP method in upper case, not "post"'],
    [{ method: '' }, 'method of signRequest must be an HTTP method in upper case, not ""'],
    [{ method: null }, 'method of signRequest must be text, not null'],
    [{ target: href }, `${start}, not "${href}"`],
    [{ target: 'orders' }, `${start}, not "orders"`],
    [{ target: '/a b' }, `${start}, not "/a b"`],
    [{ body: { item: 'coffee' } }, 'body of signRequest must be a string or a Uint8Array, not object'],
  ])('rejects %o', async (wrong, message) => {
    const { device } = await deviceWithKey();
    const request = { method: 'POST', target: '/', challenge, ...wrong };
    const error = await expectCode(() => device.signRequest(request as never), 'invalid_argument');
    expect(error.message).toBe(message);
  });

  it('rejects a request without a challenge, and does not increase the counter', async () => {
    const { device, keyId } = await deviceWithKey();
    const request = { method: 'POST', target: '/' };
    const error = await expectCode(() => device.signRequest(request as never), 'invalid_argument');
    expect(error.message).toBe('challenge of signRequest must be text, not undefined');
    const { authenticatorData } = inspectAssertion(await device.generateAssertion(keyId, sha256('')));
    expect(authenticatorData?.counter).toBe(1);
  });
});
