import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Runs the example with the given environment variables. Returns its output and its exit code. */
export async function runExample(env: Record<string, string> = {}) {
  const child = await startExample([], env);
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { output, errors, code: await exited };
}

/** Starts the example with its page. Returns the origins of the page and of the service. */
export async function serveExample() {
  const child = await startExample(['--serve'], {});
  const origins: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    origins.push(...[...line.matchAll(/http:\/\/127\.0\.0\.1:\d+/g)].map(([origin]) => origin));
    if (line.startsWith('Open ')) break;
  }
  const [service, page] = origins;
  if (!service || !page) throw new Error('the example has ended before it served its page');
  // The end of the loop has paused the output. The example would stop if nothing read its output.
  child.stdout.resume();
  const close = async (): Promise<void> => {
    child.kill();
    await once(child, 'close');
  };
  return { page, service, close };
}

async function startExample(args: readonly string[], env: Record<string, string>) {
  await build({ config: `${root}examples/service/tsup.config.ts`, silent: true });
  const { REDIS_URL: _, DATABASE_URL: __, ...rest } = process.env;
  const script = `${root}examples/service/build/example.js`;
  return spawn(process.execPath, [script, ...args], { env: { ...rest, NODE_ENV: 'test', ...env } });
}
