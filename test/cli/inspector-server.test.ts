import { request } from 'node:http';
import { afterAll, describe, expect, it } from 'vitest';
import { serveInspector } from '../../src/cli/inspector-server.js';

const page = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:"><p>the page</p>';
const server = await serveInspector(page);
afterAll(() => server.close());

async function get(path: string, { host = new URL(server.url).host, method = 'GET' } = {}) {
  return new Promise<{ status: number | undefined; headers: NodeJS.Dict<string | string[]>; body: string }>(
    (resolve, reject) => {
      const sent = request(server.url, { path, method, headers: { host } }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text) => {
          body += text;
        });
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
      });
      sent.on('error', reject).end();
    },
  );
}

describe('the server of the inspector', () => {
  it('serves the page on a loopback address, with the Content-Security-Policy of the page as a header', async () => {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const { status, headers, body } = await get('/');
    expect({ status, body }).toEqual({ status: 200, body: page });
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; img-src data:; frame-ancestors 'none'",
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    expect(await get('/?any=query')).toMatchObject({ status: 200 });
    expect(await get('/', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
  });

  it.each(['/index.html', '/../package.json', '/%2e%2e/package.json', '//etc/passwd', '*'])(
    'responds with 404 to the path %s',
    async (path) => {
      expect(await get(path)).toMatchObject({ status: 404, body: '' });
    },
  );

  it.each(['example.com', 'localhost', '127.0.0.1', '127.0.0.1:1', 'rebound.example:80'])(
    'rejects the Host header %s',
    async (host) => {
      expect(await get('/', { host })).toMatchObject({ status: 421, body: '' });
    },
  );

  it('rejects the method POST', async () => {
    expect(await get('/', { method: 'POST' })).toMatchObject({ status: 405, body: '' });
  });

  it('sends a Content-Security-Policy that forbids all connections if the page has none', async () => {
    const other = await serveInspector('<p>');
    const { headers } = await fetch(other.url);
    await other.close();
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none';/);
  });
});
