import { describe, expect, inject, it } from 'vitest';
import { runExample } from '../support/example-process.js';

describe('the example service', () => {
  it.each([
    ['Redis', 'REDIS_URL', 'redis'],
    ['PostgreSQL', 'DATABASE_URL', 'postgres'],
  ] as const)('stores its state in %s if %s is set', async (place, variable, server) => {
    const { output, code } = await runExample({ [variable]: inject('addresses')[server] });
    expect(output).toContain(`Its state is in ${place}.`);
    expect(output).toMatch(/All results are as expected\.\n$/);
    expect(code).toBe(0);
  });
});
