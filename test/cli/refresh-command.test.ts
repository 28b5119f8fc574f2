import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { appAttest } from '../support/command-line.js';
import { newDeviceCheckCredentials } from '../support/due-receipts.js';

const folder = mkdtempSync(join(tmpdir(), 'app-attest-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { privateKey, ...names } = newDeviceCheckCredentials();
writeFileSync(join(folder, 'AuthKey.p8'), privateKey);

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const credentials = file('credentials.json', { ...names, privateKeyFile: 'AuthKey.p8' });
const app = ['--app-id', 'TEAMID1234.com.example.app'];
const refresh = ['receipts', 'refresh'];
const valid = [...refresh, ...app, '--credentials', credentials];

/** Returns a port on which no process listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 1;
}

describe('app-attest', () => {
  it.each([
    ['receipts refresh --help', [...refresh, '--help']],
    ['all options and --help', [...valid, '--help']],
  ])('prints the help of receipts refresh to standard output: %s', async (_name, args) => {
    const { code, output, errors } = await appAttest(args);
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(output).toMatch(/^Usage: app-attest receipts refresh /);
    for (const line of output.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it.each([
    ['a missing command', [], 'a command is missing'],
    ['an unknown command', ['refresh', 'receipts'], 'unknown command: "refresh receipts"'],
    ['an incomplete command', ['receipts'], 'unknown command: "receipts"'],
    ['a missing App ID', [...refresh, '--credentials', credentials], '--app-id is missing'],
    ['a missing credentials file', [...refresh, ...app], '--credentials is missing'],
    ['an unknown option', [...valid, '--maximum', '1'], '--maximum'],
    ['an option without a value', [...valid, '--limit'], '--limit'],
    ['an additional argument', [...valid, 'now'], 'now'],
    ['a limit that is not a number', [...valid, '--limit', 'ten'], '--limit must be a whole number'],
    ['a negative concurrency', [...valid, '--concurrency=-1'], '--concurrency must be a whole number'],
    ['a missing database URL', valid, 'DATABASE_URL or REDIS_URL'],
    ['a trust anchor file that does not exist', [...valid, '--trust-anchor', join(folder, 'none.pem')], 'ENOENT'],
  ])('rejects %s with exit code 2', async (_, args, message) => {
    const { code, output, errors, listeners } = await appAttest(args);
    expect({ code, output, listeners }).toEqual({ code: 2, output: '', listeners: [] });
    expect(errors).toMatch(/^app-attest: /);
    expect(errors).toContain(message);
    expect(errors).toContain('--help');
  });

  it.each([
    ['an invalid App ID', ['--app-id', 'example'], 'appId "example" must be'],
    ['a limit of 0', ['--limit', '0'], 'limit must be an integer from 1 to 100000'],
    ['a schema name with a NUL character', ['--schema', 'a\0b'], 'schema'],
    ['an endpoint without HTTPS', ['--endpoint', 'http://example.com'], 'endpoint'],
  ])('rejects %s with exit code 2, before it connects to the database', async (_, args, message) => {
    const DATABASE_URL = `postgres://user:pass@127.0.0.1:${await closedPort()}/keys`;
    const { code, errors } = await appAttest([...valid, ...args], { env: { DATABASE_URL } });
    expect(code).toBe(2);
    expect(errors).toContain(message);
  });

  it.each([
    ['PostgreSQL', 'DATABASE_URL', 'postgres'],
    ['Redis', 'REDIS_URL', 'redis'],
  ])('fails with exit code 1 if %s does not respond, and prints no password', async (_, name, protocol) => {
    const url = `${protocol}://user:se%2Fcret@127.0.0.1:${await closedPort()}/0`;
    const { code, output, errors, listeners } = await appAttest(valid, { env: { [name]: url } });
    expect({ code, output, listeners }).toEqual({ code: 1, output: '', listeners: [] });
    expect(errors).toContain('ECONNREFUSED');
    expect(errors).not.toMatch(/cret/);
  });

  it.each(['host=127.0.0.1 password=hunter2', ' ', 'mysql://user:hunter2@127.0.0.1:1/keys'])(
    'rejects %j as DATABASE_URL with exit code 2, and connects to no host',
    async (DATABASE_URL) => {
      const { code, errors } = await appAttest(valid, { env: { DATABASE_URL } });
      expect(code).toBe(2);
      expect(errors).toContain('DATABASE_URL must be a URL that begins with postgres:');
      expect(errors).not.toContain('hunter2');
    },
  );

  it('uses PostgreSQL if DATABASE_URL and REDIS_URL are set, and ignores an empty DATABASE_URL', async () => {
    const REDIS_URL = 'redis://127.0.0.1:1';
    const both = await appAttest(valid, { env: { REDIS_URL, DATABASE_URL: 'postgres://127.0.0.1:2/keys' } });
    expect(both.errors).toContain('127.0.0.1:2');
    const one = await appAttest(valid, { env: { REDIS_URL, DATABASE_URL: '' } });
    expect(one.errors).toContain('127.0.0.1:1');
  });

  it.each([
    ['postgres', 'DATABASE_URL', 'postgres://user:hunter2@[/keys'],
    ['redis', 'REDIS_URL', 'http://user:hunter2@127.0.0.1'],
    ['redis', 'REDIS_URL', 'hunter2'],
  ])('prints no password of a malformed %s URL in %s: %s', async (_, name, url) => {
    const { code, errors } = await appAttest(valid, { env: { [name]: url } });
    expect(code).toBe(1);
    expect(errors).not.toContain('hunter2');
  });
});

describe('the file with the credentials', () => {
  const database = { DATABASE_URL: 'postgres://127.0.0.1:1/keys' };
  const run = (path: string) => appAttest([...refresh, ...app, '--credentials', path], { env: database });

  it.each([
    ['with the relative path of the private key', () => credentials],
    ['with the text of the private key', () => file('inline.json', { ...names, privateKey })],
    [
      'with the absolute path of the private key',
      () => file('absolute.json', { ...names, privateKeyFile: join(folder, 'AuthKey.p8') }),
    ],
  ])('is accepted %s', async (_, path) => {
    // No database listens on this port. The command checks the credentials before it connects, so it accepted the credentials.
    expect(await run(path())).toMatchObject({ code: 1, errors: expect.stringContaining('ECONNREFUSED') });
  });

  it.each([
    ['that does not exist', () => join(folder, 'none.json'), 'ENOENT'],
    ['that is a folder', () => folder, 'EISDIR'],
    ['that is the private key itself', () => join(folder, 'AuthKey.p8'), 'not a JSON object'],
    ['that is an array', () => file('array.json', [names]), 'not a JSON object'],
    ['without a team ID', () => file('team.json', { keyId: 'ABC123DEFG', privateKey }), 'teamId and keyId'],
    ['without a key ID', () => file('key.json', { teamId: 'TEAMID1234', privateKey }), 'teamId and keyId'],
    ['without a private key', () => file('private.json', names), 'either privateKey or privateKeyFile'],
    [
      'with two private keys',
      () => file('two.json', { ...names, privateKey, privateKeyFile: 'AuthKey.p8' }),
      'either privateKey or privateKeyFile',
    ],
    ['with an unknown field', () => file('unknown.json', { ...names, privatKey: privateKey }), 'no other fields'],
    [
      'with a private key file that does not exist',
      () => file('no.json', { ...names, privateKeyFile: 'no' }),
      'ENOENT',
    ],
    ['with an invalid private key', () => file('none.json', { ...names, privateKey: privateKey.slice(40) }), 'P-256'],
  ])('%s is rejected with exit code 2, and no part of the private key is printed', async (_, path, message) => {
    const { code, output, errors } = await run(path());
    expect({ code, output }).toEqual({ code: 2, output: '' });
    expect(errors).toContain(message);
    for (const line of privateKey.split('\n').filter((text) => text.length > 30)) {
      expect(errors).not.toContain(line.slice(0, 20));
    }
  });
});
