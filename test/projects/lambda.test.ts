import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PostgresServer } from '../servers/support/postgres-server.js';
import { send } from '../support/raw-http.js';
import { ApiGateway, decodedPath } from './support/api-gateway.js';
import { itProtects } from './support/it-protects.js';
import { createTrustedDevice, Phone } from './support/phone.js';
import { type RunningProject, startProject } from './support/start-project.js';

const invokeFunction = fileURLToPath(new URL('./support/invoke-function.mjs', import.meta.url));
const build = [
  ['npm', 'run', 'build'],
  ['npm', 'run', 'migrate'],
];
const start = ['node', invokeFunction, 'dist/handler.js'];

describe.each([
  ['prod', '/prod'],
  ['$default', ''],
])('a Lambda function behind the stage %s of an HTTP API', (stage, prefix) => {
  let postgres: PostgresServer;
  let functions: RunningProject;
  let gateway: ApiGateway;
  let phone: Phone;

  beforeAll(async () => {
    postgres = await PostgresServer.start();
    const env = { DATABASE_URL: postgres.url, PUBLIC_PATH: prefix };
    functions = await startProject('lambda', { build, start, env });
    gateway = await ApiGateway.start(functions.url, stage);
    phone = new Phone(gateway.url, prefix, await createTrustedDevice());
    await phone.register();
  });
  afterAll(async () => {
    await gateway?.stop();
    await functions?.stop();
    await postgres?.stop();
  });

  itProtects(() => ({ ...functions, url: gateway.url }), { prefix });

  describe('accepts', () => {
    it.each([
      ['text', 'application/json', false],
      ['text', 'text/plain; charset=utf-8', false],
      ['base64', 'application/octet-stream', true],
      ['base64', 'application/x-www-form-urlencoded', true],
    ])('a body that API Gateway passes as %s because of its type %s', async (_form, type, isBase64Encoded) => {
      const body = '{"item":"☕"}';
      const headers = { ...(await phone.sign('POST', '/orders', body)), 'content-type': type };
      const answer = await phone.send('POST', '/orders', headers, body);
      expect(answer).toMatchObject({ status: 200, body: { ordered: '☕', by: phone.keyId } });
      expect(gateway.events.at(-1)).toMatchObject({ isBase64Encoded });
    });

    it.each([
      ['with spaces and letters that are not ASCII', '/orders/caf%C3%A9%20au%20lait'],
      ['with an encoded number sign', '/orders/%231'],
      ['with a query', '/orders/7?text=a%20%3F%25+%23&list=1,2&list=&empty'],
    ])('a target %s', async (_what, target) => {
      const answer = await phone.send('GET', target, await phone.sign('GET', target));
      const [, order] = /^\/orders\/([^?]+)/.exec(target) ?? [];
      expect(answer).toMatchObject({ status: 200, body: { order, by: phone.keyId } });
    });
  });

  describe('rejects', () => {
    it('a path with an encoded character that needs no encoding, because the function receives the decoded path', async () => {
      const target = '/orders/a%40b';
      const answer = await phone.send('GET', target, await phone.sign('GET', target));
      expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_signature' } });
    });

    it('a target that was signed with another stage', async () => {
      const headers = await phone.sign('GET', '/test/orders/7');
      const answer = await phone.send('GET', '/orders/7', headers);
      expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_signature' } });
    });

    it('a GET request with a body, because a Fetch request with the method GET cannot have a body', async () => {
      const headers = { ...(await phone.sign('GET', '/orders/7')), 'content-length': '2' };
      const path = `${prefix}/orders/7`;
      const answer = await send(gateway.url, { method: 'GET', path, headers, body: '{}' });
      expect(answer).toMatchObject({ status: 401, body: { error: 'request_mismatch' } });
    });
  });
});

describe('the events of API Gateway', () => {
  /** The paths that AWS received, and the paths in its events. `api-gateway.ts` names the source. */
  it.each([
    ['/plain', '/plain'],
    ['/space%20value', '/space value'],
    ['/question%3Fvalue', '/question'],

    ['/hash%23value', '/hash#value'],
    ['/slash%2Fvalue', '/slash/value'],
    ['/unicode-%CE%BB-%E4%B8%96%E7%95%8C', '/unicode-λ-世界'],
    ['/literal%252Fvalue', '/literal/value'],
    ['/literal%253Fvalue', '/literal?value'],
    ['/literal%2525value', '/literal%value'],
  ])('have for the path %s the path %s, as on AWS', (path, expected) => {
    expect(decodedPath(path)).toBe(expected);
  });

  it('do not exist for a path that cannot be decoded twice, as on AWS', () => {
    expect(decodedPath('/percent%25done')).toBeUndefined();
  });
});

describe('the adapter for API Gateway', () => {
  const load = (): Promise<Adapter> => {
    const file = new URL('../../examples/projects/lambda/src/api-gateway.ts', import.meta.url).href;
    return import(/* @vite-ignore */ file);
  };
  const event = {
    rawPath: '/orders/7',
    rawQueryString: 'x=1',
    headers: { 'x-list': 'one,two' },
    cookies: ['a=1', 'b=2'],
    isBase64Encoded: false,
    requestContext: { domainName: 'api.example.com', stage: '$default', http: { method: 'GET' } },
  };

  it('keeps the encoded path in an event from the URL of a function', async () => {
    const adapter = await load();
    const { url } = adapter.toRequest({ ...event, rawPath: '/orders/a%40b%2Fc%3Fd%25', rawQueryString: '' });
    expect(url).toBe('https://api.example.com/orders/a%40b%2Fc%3Fd%25');
  });

  it('passes on headers and cookies with text that is not Latin-1, as UTF-8 bytes', async () => {
    const adapter = await load();
    const { headers } = adapter.toRequest({ ...event, headers: { 'user-agent': 'a ☕' }, cookies: ['a=☕'] });
    const bytes = Buffer.from('☕').toString('latin1');
    expect([headers.get('user-agent'), headers.get('cookie')]).toEqual([`a ${bytes}`, `a=${bytes}`]);
  });

  it('passes on the cookies and repeated headers of an event, and the cookies of a response', async () => {
    const adapter = await load();
    const request = adapter.toRequest(event);
    expect(request.url).toBe('https://api.example.com/orders/7?x=1');
    expect(request.headers.get('cookie')).toBe('a=1; b=2');
    expect(request.headers.get('x-list')).toBe('one,two');

    const response = new Response('☕', { status: 201, headers: { 'x-list': 'one' } });
    for (const cookie of ['a=1; Path=/', 'b=2']) response.headers.append('set-cookie', cookie);
    expect(await adapter.toResult(response)).toEqual({
      statusCode: 201,
      headers: { 'content-type': 'text/plain;charset=UTF-8', 'x-list': 'one' },
      cookies: ['a=1; Path=/', 'b=2'],
      body: '4piV',
      isBase64Encoded: true,
    });
  });
});

/** The exports of the adapter in the project. The types in the project need packages that this repository does not install. */
interface Adapter {
  toRequest(event: object): Request;
  toResult(response: Response): Promise<object>;
}
