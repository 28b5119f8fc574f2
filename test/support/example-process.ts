import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Runs the example service with the given environment variables. Returns its output and its exit code. */
export async function runExample(env: Record<string, string> = {}) {
  await build({ config: `${root}examples/service/tsup.config.ts`, silent: true });
  const { REDIS_URL: _, DATABASE_URL: __, ...rest } = process.env;
  const script = `${root}examples/service/build/example.js`;
  const child = spawn(process.execPath, [script], { env: { ...rest, NODE_ENV: 'test', ...env } });
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { output, errors, code: await exited };
}
