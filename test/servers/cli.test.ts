import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { appId, apple } from '../support/backend.js';
import { type DueReceipts, dueReceipts, newDeviceCheckCredentials } from '../support/due-receipts.js';
import { PostgresServer } from './support/postgres-server.js';
import { RedisServer } from './support/redis-server.js';
import { type OpenedStores, openStores, PATIENCE } from './support/store-kinds.js';

const CLI = fileURLToPath(new URL('./build/cli.js', import.meta.url));
/** Returns options for Node.js with which the import of a package fails, as if the package were not installed. */
const without = (name: string): string[] => {
  const hook = `export const resolve = (name, context, next) => next(name === '${name}' ? 'not-installed' : name, context);`;
  const url = `data:text/javascript,${encodeURIComponent(hook)}`;
  const register = `import { register } from 'node:module'; register(${JSON.stringify(url)});`;
  return ['--import', `data:text/javascript,${encodeURIComponent(register)}`];
};

const counts = (refreshed: number, notModified: number, failed: number) => {
  return { due: refreshed + notModified + failed, refreshed, notModified, failed };
};

/** Starts a separate server, because on a shared server, the receipts of other tests would be due too. */
async function startServer(kind: 'redis' | 'postgres') {
  const server = await (kind === 'redis' ? RedisServer.start() : PostgresServer.start());
  const addresses = { redis: server.url, cluster: [], postgres: server.url, sqlite: '' };
  return {
    env: kind === 'redis' ? { REDIS_URL: server.url } : { DATABASE_URL: server.url },
    options: kind === 'redis' ? [] : ['--schema', 'app_attest'],
    opened: await openStores(kind, addresses, PATIENCE),
    stop: () => server.stop(),
  };
}

describe.each(['redis', 'postgres'] as const)('app-attest receipts refresh on %s', (kind) => {
  let server: Awaited<ReturnType<typeof startServer>>;
  let opened: OpenedStores;
  let folder: string;
  let due: DueReceipts;
  let args: string[];

  beforeAll(async () => {
    server = await startServer(kind);
    ({ opened } = server);
    folder = mkdtempSync(join(tmpdir(), 'app-attest-cli-'));
    const { privateKey, ...names } = newDeviceCheckCredentials();
    writeFileSync(join(folder, 'AuthKey.p8'), privateKey);
    writeFileSync(join(folder, 'credentials.json'), JSON.stringify({ ...names, privateKeyFile: 'AuthKey.p8' }));
    writeFileSync(join(folder, 'root.pem'), String(apple.receiptTrustAnchors[0]));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await opened.close();
    await server.stop();
  });
  beforeEach(async () => {
    due = await dueReceipts(6, { stores: opened.stores });
    const files = ['--credentials', join(folder, 'credentials.json'), '--trust-anchor', join(folder, 'root.pem')];
    args = ['receipts', 'refresh', '--app-id', appId, ...files, '--endpoint', due.server.url, ...server.options];
  });
  afterEach(async () => {
    for (const keyId of due.keyIds) await opened.stores.keys.remove(keyId);
    await due.close();
  });

  const start = (command: string, parameters: readonly string[]): ChildProcess => {
    const { DATABASE_URL: _, REDIS_URL: __, ...others } = process.env;
    return spawn(command, parameters, { env: { ...others, NODE_ENV: 'test', ...server.env }, stdio: 'pipe' });
  };
  const ended = async (child: ChildProcess) => {
    const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
    const read = (stream: NodeJS.ReadableStream | null) => (stream ? text(stream) : '');
    const [output, errors] = await Promise.all([read(child.stdout), read(child.stderr)]);
    return { code: await exit, output, errors };
  };
  const run = (...options: readonly string[]) => ended(start(process.execPath, [CLI, ...args, ...options]));
  const linesOf = (output: string): unknown[] => {
    return output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  };

  it('prints a line of JSON for each key and a line with the counts, and exits with 0', async () => {
    due.endpoint.answerNext({ status: 304 });
    const { code, output, errors } = await run('--concurrency', '1');
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    const [first, ...others] = due.keyIds;
    expect(linesOf(output)).toEqual([
      { keyId: first, outcome: 'notModified' },
      ...others.map((keyId) => ({ keyId, outcome: 'refreshed' })),
      counts(5, 1, 0),
    ]);
    expect((await due.key(5)).riskMetric).toBe(1);
    expect(linesOf((await run()).output)).toEqual([counts(0, 0, 0)]);
  });

  it.runIf(kind === 'redis')('uses the package ioredis if redis is not installed', async () => {
    const child = start(process.execPath, [...without('redis'), CLI, ...args]);
    const { code, output, errors } = await ended(child);
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(linesOf(output).at(-1)).toEqual(counts(6, 0, 0));
  });

  it.runIf(kind === 'redis')(
    'exits with 1 and does not print the password if the package ioredis cannot connect to Redis',
    async () => {
      const env = { ...process.env, REDIS_URL: 'redis://:secret@127.0.0.1:1', DATABASE_URL: '' };
      const child = spawn(process.execPath, [...without('redis'), CLI, ...args], { env, stdio: 'pipe' });
      const { code, errors } = await ended(child);
      expect(code).toBe(1);
      expect(errors).toMatch(/^app-attest: .+\n$/);
      expect(errors).not.toContain('secret');
    },
  );

  it('shows its progress in one line on a terminal', async () => {
    due.endpoint.answerNext({ status: 404 });
    const command = [process.execPath, CLI, ...args, '--concurrency', '1'].map((word) => `'${word}'`).join(' ');
    const { code, output } = await ended(start('script', ['-qec', command, '/dev/null']));
    expect(code).toBe(1);
    const shown = output.split('\r\u001b[2K');
    expect(shown[1]).toContain(`${due.keyIds[0]}: Apple has no data for the receipt`);
    expect(shown.at(-1)?.trim()).toBe('6 due: 5 refreshed, 0 not modified, 1 failed');
    expect(output.trimEnd().split('\n').length).toBe(2);
  });

  it('exits with 1 if a refresh failed, and prints the reason', async () => {
    due.endpoint.answerNext({ status: 500, body: 'sorry' });
    const { code, output } = await run('--limit', '1');
    expect(code).toBe(1);
    const message = expect.stringContaining('sorry');
    const failure = { keyId: due.keyIds[0], outcome: 'failed', code: 'receipt_request_failed', status: 500, message };
    expect(linesOf(output)).toEqual([failure, counts(0, 0, 1)]);
  });

  it('exits with 2 if Apple rejects the credentials', async () => {
    due.endpoint.answerNext({ status: 401 });
    const { code, errors } = await run('--concurrency', '1');
    expect(code).toBe(2);
    expect(errors).toContain('Apple rejected the token');
    expect(due.endpoint.requests.length).toBe(1);
  });

  it('does not trust a virtual Apple without --trust-anchor', async () => {
    args.splice(args.indexOf('--trust-anchor'), 2);
    const { code, output } = await run();
    expect(code).toBe(1);
    expect(linesOf(output)[0]).toMatchObject({
      outcome: 'failed',
      code: 'untrusted_certificate',
      message: expect.stringContaining('--trust-anchor'),
    });
  });

  it('finds no keys with a wrong prefix, and reports that the tables are missing with a wrong schema', async () => {
    const { code, output, errors } = await run(...(kind === 'redis' ? ['--prefix', 'x:'] : ['--schema', 'x']));
    if (kind === 'redis') expect({ code, lines: linesOf(output) }).toEqual({ code: 0, lines: [counts(0, 0, 0)] });
    else expect({ code, errors }).toEqual({ code: 1, errors: expect.stringMatching(/does not exist.*--schema/) });
  });

  it('exits with 2 if no due key belongs to the app, and leaves the keys due', async () => {
    args[args.indexOf(appId)] = `${appId}.typo`;
    const { code, output, errors } = await run();
    expect(code).toBe(2);
    expect(errors).toContain(`no due key belongs to "${appId}.typo"`);
    expect(linesOf(output).at(-1)).toEqual(counts(0, 0, 6));
    const inAnHour = Date.now() + 3_600_000;
    for (const index of due.keyIds.keys()) expect(Number((await due.key(index)).receiptDueAt)).toBeLessThan(inAnHour);
    expect(due.endpoint.requests).toEqual([]);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('completes the requests in progress after %s, and exits with %i', async (signal, expected) => {
    for (let index = 0; index < 6; index += 1) due.endpoint.answerNext({ delay: 300 });
    const child = start(process.execPath, [CLI, ...args, '--concurrency', '2']);
    const result = ended(child);
    await expect.poll(() => due.endpoint.requests.length, { timeout: 30_000, interval: 5 }).toBeGreaterThan(1);
    child.kill(signal);
    const { code, output, errors } = await result;
    expect(code).toBe(expected);
    expect(errors).toContain(`ended by ${signal}`);
    const keys = await Promise.all(due.keyIds.map((_, index) => due.key(index)));
    const refreshed = keys.filter(({ riskMetric }) => riskMetric === 1).length;
    expect(refreshed).toBeLessThan(6);
    expect(refreshed).toBe(due.endpoint.requests.length);
    expect(linesOf(output).at(-1)).toEqual(counts(refreshed, 0, 0));
  });
});
