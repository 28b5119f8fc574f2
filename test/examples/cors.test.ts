import { expect, it } from 'vitest';
import { withCors } from '../../examples/cors.js';

const handler = withCors(async () => Response.json({ item: 'coffee' }), ['capacitor://localhost']);
const call = (method: string, headers: Record<string, string>) =>
  handler(new Request('https://api.example.com/orders', { method, headers }));

it('answers the preflight of an allowed origin', async () => {
  const names = 'content-digest,x-app-attest-key-id';
  const response = await call('OPTIONS', {
    Origin: 'capacitor://localhost',
    'Access-Control-Request-Method': 'PUT',
    'Access-Control-Request-Headers': names,
  });
  expect(response.status).toBe(204);
  expect(response.headers.get('access-control-allow-origin')).toBe('capacitor://localhost');
  expect(response.headers.get('access-control-allow-headers')).toBe(names);
  expect(response.headers.get('access-control-allow-methods')).toContain('PUT');
});

it('lets only an allowed origin read a response', async () => {
  const allowed = await call('GET', { Origin: 'capacitor://localhost' });
  expect(allowed.headers.get('access-control-allow-origin')).toBe('capacitor://localhost');
  expect(allowed.headers.get('vary')).toBe('Origin');
  expect(await allowed.json()).toEqual({ item: 'coffee' });
  const other = await call('GET', { Origin: 'https://evil.example' });
  expect(other.headers.has('access-control-allow-origin')).toBe(false);
  expect(other.headers.get('vary')).toBe('Origin');
  const preflight = await call('OPTIONS', { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'PUT' });
  expect(preflight.headers.has('access-control-allow-origin')).toBe(false);
});
