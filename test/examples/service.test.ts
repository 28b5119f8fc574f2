import { expect, it } from 'vitest';
import { runExample } from '../support/example-process.js';

it('the example service accepts the requests of its app and rejects all attacks', async () => {
  const { output, errors, code } = await runExample();
  expect(output).toMatch(/Its state is in the SQLite file .*build.app-attest\.db\./);
  expect(output.match(/^✓/gm)).toHaveLength(10);
  expect(output).toMatch(/All results are as expected\.\n$/);
  expect({ errors, code }).toEqual({ errors: '', code: 0 });
});

it('the example service does not start in production, where virtual devices are rejected', async () => {
  const { errors, code } = await runExample({ NODE_ENV: 'production' });
  expect(errors).toContain('must not run in production');
  expect(code).toBe(1);
});
