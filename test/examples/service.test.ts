import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';
import { beforeAll, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

beforeAll(() => build({ config: `${root}examples/service/tsup.config.ts`, silent: true }));

/** What the example prints, and what it leaves the shell. */
async function run(env: Record<string, string> = {}) {
  const script = `${root}examples/service/build/example.js`;
  const { REDIS_URL: _, DATABASE_URL: __, ...rest } = process.env;
  const child = spawn(process.execPath, [script], { env: { ...rest, NODE_ENV: 'test', ...env } });
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { output, errors, code: await exited };
}

it('the service serves its app and nobody else', async () => {
  const { output, errors, code } = await run();
  expect(output).toContain('Its state is in the memory of this process.');
  expect(output.match(/^✓/gm)).toHaveLength(8);
  expect(output).toMatch(/Everything came out as it should\.\n$/);
  expect({ errors, code }).toEqual({ errors: '', code: 0 });
});

it('the service does not begin in production, where no virtual device is welcome', async () => {
  const { errors, code } = await run({ NODE_ENV: 'production' });
  expect(errors).toContain('must not run in production');
  expect(code).toBe(1);
});
