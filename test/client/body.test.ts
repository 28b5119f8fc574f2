import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { AppAttestClientError, type RequestBody } from '../../src/client/index.js';
import { prepareRequest } from '../../src/client/outgoing-request.js';

const base = {
  baseUrl: 'https://api.example.com',
  sha256: (bytes: Uint8Array<ArrayBuffer>) => crypto.subtle.digest('SHA-256', bytes),
};
const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

const form = new FormData();
form.set('item', 'coffee ☕');
form.set('file', new Blob([Uint8Array.of(0, 255)], { type: 'image/png' }), 'a.png');

it.each<[string, RequestBody, RegExp | null]>([
  ['text', 'coffee ☕', /^text\/plain;charset=UTF-8$/],
  ['JSON', { item: 'coffee', tags: [1] }, /^application\/json$/],
  ['an array', [1, 2], /^application\/json$/],
  ['bytes', Uint8Array.of(0, 255, 10).subarray(1), null],
  ['a buffer', Uint8Array.of(1, 2).buffer, null],
  ['a Blob', new Blob(['a'], { type: 'image/png' }), /^image\/png$/],
  ['a form', form, /^multipart\/form-data; ?boundary=/],
  ['URLSearchParams', new URLSearchParams({ a: 'ü' }), /^application\/x-www-form-urlencoded;charset=UTF-8$/],
])('prepareRequest serializes %s, and returns the digest of these bytes', async (_name, body, type) => {
  const request = await prepareRequest(base, '/orders', { method: 'post', body });
  const bytes = new Uint8Array(await new Response(request.init.body ?? null).arrayBuffer());
  expect(request.contentDigest).toBe(`sha-256=:${digestOf(bytes).toString('base64')}:`);
  if (type) expect(request.headers.get('content-type')).toMatch(type);
  else expect(request.headers.has('content-type')).toBe(false);
  if (body instanceof FormData) {
    const sent = await new Response(bytes, { headers: request.headers }).formData();
    expect(sent.get('item')).toBe('coffee ☕');
  }
});

it.each([
  ['a GET with a body', '/orders', { body: 'x' }],
  ['a target that extends the host name', '.evil.example/', {}],
  ['a target that makes the host name a user name', '@evil.example/', {}],
  ['an absolute URL as the target', 'https://api.example.com/orders', {}],
  ['a target that is not text', 7, {}],
  ['a method that is not text', '/orders', { method: 7 }],
])('prepareRequest rejects %s', async (_name, target, init) => {
  const error: unknown = await Reflect.apply(prepareRequest, undefined, [base, target, init]).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AppAttestClientError);
  expect(error).toMatchObject({ code: 'invalid_argument' });
});
