import { afterEach, expect, it, vi } from 'vitest';
import { httpHandlers } from '../../src/http/index.js';
import { AppAttestError } from '../../src/index.js';
import { createBackend, createDevice, registration } from '../support/backend.js';

const request = (body: unknown) => {
  return new Request('http://localhost/', {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
};

afterEach(() => vi.restoreAllMocks());

it('a request that is rejected as overloaded gets status 503 and the header Retry-After, and causes no process warning', async () => {
  const backend = createBackend();
  const body = await registration(backend, await createDevice());
  const overloaded = new AppAttestError('overloaded', 'too many wait', { retryAfter: 7 });
  vi.spyOn(backend, 'register').mockRejectedValueOnce(overloaded);
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const response = await httpHandlers(backend).registration(request(body));
  expect({ status: response.status, body: await response.json() }).toEqual({
    status: 503,
    body: { error: 'overloaded' },
  });
  expect(response.headers.get('retry-after')).toBe('7');
  // Many rejected requests must not fill the log.
  expect(warn).not.toHaveBeenCalled();
});
