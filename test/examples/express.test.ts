import { expect, it, vi } from 'vitest';
import { trusting, useExample } from '../support/example-backend.js';
import { serveNode } from '../support/http-servers.js';

it('the example for Express accepts protected requests only from registered devices', async () => {
  const { app } = await trusting(() => import('../../examples/express.js'));
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const server = await serveNode(app);
  try {
    await useExample(server);
    const codes = ['challenge_used', 'assertion_missing', 'request_mismatch'];
    await expect.poll(() => warn.mock.calls.map(([, code]) => code)).toEqual(codes);
  } finally {
    await server.close();
  }
});
