import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { parse } from 'acorn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pack, project, run } from './packed.js';

const fixture = join(project, 'fixtures/apple-guide-2026.json');

let consumer: string;
let tarball: string;
let files: string[];

const inConsumer = (command: string, ...args: readonly string[]): Promise<string> => run(consumer, command, ...args);

/** An import statement ends on the same line or, after a list of names, on a later line. */
const AT_ONCE = /^(?:import .*|\} )from ['"]([^'"]+)['"]|^import ['"]([^'"]+)['"]/gm;
const AT_ONCE_OR_LATER = new RegExp(`${AT_ONCE.source}|import\\(['"]([^'"]+)['"]\\)`, 'gm');

/** Returns a module of the installed package, with all modules of the package that it loads. */
async function modulesOf(
  module: string,
  statements: RegExp,
  seen = new Map<string, string>(),
): Promise<Map<string, string>> {
  if (seen.has(module)) return seen;
  const source = await readFile(join(consumer, 'node_modules/app-attest', module), 'utf8');
  seen.set(module, source);
  for (const name of specifiersIn(source, statements)) {
    if (name.startsWith('.')) await modulesOf(join(dirname(module), name), statements, seen);
  }
  return seen;
}

function specifiersIn(source: string, statements: RegExp): string[] {
  return [...source.matchAll(statements)].map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? '');
}

/** Returns the packages that a module of the installed package imports, directly or through its own modules. */
async function importsOf(module: string, statements: RegExp): Promise<string[]> {
  const sources = [...(await modulesOf(module, statements)).values()];
  const packages = sources
    .flatMap((source) => specifiersIn(source, statements))
    .filter((name) => !name.startsWith('node:') && !name.startsWith('.'))
    .map((name) => name.replace(/^((?:@[^/]+\/)?[^/]+).*$/, '$1'));
  return [...new Set(packages)].toSorted();
}

beforeAll(async () => {
  consumer = await mkdtemp(join(tmpdir(), 'app-attest-consumer-'));
  await cp(fileURLToPath(new URL('consumer/', import.meta.url)), consumer, { recursive: true });
  ({ tarball, files } = await pack(consumer));
  await inConsumer('npm', 'ci');
  await inConsumer('npm', 'install', '--no-save', tarball);
});
afterAll(() => rm(consumer, { recursive: true, force: true }));

describe('the packed package', () => {
  it('contains only the files that its users need', () => {
    const named = ['LICENSE', 'README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'package.json'];
    for (const name of named) expect(files).toContain(name);
    expect(files).toContain('dist/index.d.ts');
    expect(files).toContain('dist/cli.js');
    expect(files).toContain('dist/inspector/index.html');
    expect(files).toContain('dist/migrations/0001-create-challenges.sql');
    expect(files).toContain('dist/migrations/sqlite/0003-create-keys.sql');
    expect(files).toContain('certs/Apple_App_Attestation_Root_CA.pem');
    expect(files).toContain('dist/THIRD-PARTY-NOTICES.txt');
    expect(files).toContain('docs/http.md');
    expect(files).toContain('examples/service/app.ts');
    const folders = /^(dist|certs|docs|examples|fixtures)\//;
    expect(files.filter((path) => !folders.test(path)).toSorted()).toEqual(named.toSorted());
    // The pictures in docs/ would make the package a third larger.
    expect(files.filter((path) => /(^|\/)(build|node_modules)\/|\.png$/.test(path))).toEqual([]);
  });

  it.each(['runs.mjs', 'runs.cjs'])('verifies a recording and its receipt in %s', async (script) => {
    expect(JSON.parse(await inConsumer('node', script, fixture))).toEqual({
      environment: 'production',
      wrong: 'app_id_mismatch',
      type: 'ATTEST',
      old: 'receipt_expired',
    });
  });

  it.each(['nodenext', 'node16', 'node10', 'bundler'])(
    'type-checks in a strict project with moduleResolution %s',
    async (resolution) => {
      await inConsumer('npx', 'tsc', '-p', `tsconfig.${resolution}.json`);
    },
  );

  it('accepts `undefined` for an option only if the absence of the option weakens no check', async () => {
    await inConsumer('npx', 'tsc', '-p', 'tsconfig.undefined.json');
  });

  it('passes publint', async () => {
    await inConsumer('npx', 'publint', '--strict', tarball);
  });

  it('passes @arethetypeswrong/cli', async () => {
    await inConsumer('npx', 'attw', tarball, '--profile', 'strict');
  });

  it.each(['testing.mjs', 'testing.cjs'])(
    'verifies the evidence of a virtual device and requests its risk metric in %s',
    async (script) => {
      expect(JSON.parse(await inConsumer('node', script))).toEqual({
        appId: 'TEAMID1234.com.example.app',
        counter: 1,
        riskMetric: 1,
      });
    },
  );

  it.each(['server.mjs', 'server.cjs'])('registers a virtual device and accepts its request in %s', async (script) => {
    expect(JSON.parse(await inConsumer('node', script))).toEqual({
      counter: 1,
      replay: 'challenge_used',
      isAppAttestError: true,
      conformance: [],
      databases: {
        revoked: true,
        advanced: true,
        removed: true,
        wrong: ['invalid_argument', 'invalid_argument', 'invalid_argument'],
        migrations: 5,
      },
    });
  });

  it.each(['client.mjs', 'client.cjs'])('sends a signed request in %s', async (script) => {
    const api = 'https://api.example.com';
    expect(JSON.parse(await inConsumer('node', script))).toEqual({
      received: [
        `POST ${api}/app-attest/challenge null`,
        `POST ${api}/app-attest/registration null`,
        `POST ${api}/app-attest/challenge null`,
        `POST ${api}/orders assertion`,
      ],
      code: 'invalid_argument',
      isTyped: true,
      expo: 'function',
    });
  });

  it.each(['client.js', 'client.cjs', 'modules/client.js'])('contains a small client in ES2020: %s', async (file) => {
    const source = await readFile(join(consumer, 'node_modules/app-attest/dist', file), 'utf8');
    expect(() => {
      return parse(source, { ecmaVersion: 2020, sourceType: file.endsWith('.cjs') ? 'script' : 'module' });
    }).not.toThrow();
    // CommonJS has some more bytes, because its exports are getters.
    expect(gzipSync(source, { level: 9 }).length).toBeLessThan(file.endsWith('.cjs') ? 4400 : 4096);
    expect(source).not.toMatch(/\brequire\b|\bimport\b|\bprocess\b|\bBuffer\b/);
  });

  it.each(['adapters.mjs', 'adapters.cjs'])('protects a route of each framework in %s', async (script) => {
    expect(JSON.parse(await inConsumer('node', script))).toEqual({
      http: [200, 401],
      express: [200, 401],
      fastify: [200, 401],
      hono: [200, 401],
      isAppAttestError: true,
    });
  });

  it.each([
    ['DATABASE_URL', 'postgres://127.0.0.1/keys', 'DATABASE_URL needs the package pg: npm install pg'],
    ['REDIS_URL', 'redis://127.0.0.1', 'REDIS_URL needs the package redis or ioredis: npm install redis'],
  ])('has a command that reports which client to install for %s', async (name, url, message) => {
    const credentials = { teamId: 'TEAMID1234', keyId: 'ABC123DEFG', privateKey: '' };
    await writeFile(join(consumer, 'credentials.json'), JSON.stringify(credentials));
    const args = ['receipts', 'refresh', '--app-id', 'TEAMID1234.com.example.app', '--credentials', 'credentials.json'];
    const { DATABASE_URL: _, REDIS_URL: __, ...env } = process.env;
    const options = { cwd: consumer, env: { ...env, [name]: url } };
    const failure = await promisify(execFile)('npx', ['app-attest', ...args], options).catch((error) => error);
    expect(failure).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
    expect(await inConsumer('npx', 'app-attest', '--help')).toMatch(/^Usage: app-attest COMMAND /);
  });

  it('imports only its dependencies, and the verifiers load each dependency only when it is needed', async () => {
    const { dependencies } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8'));
    const core = await importsOf('dist/index.js', AT_ONCE_OR_LATER);
    expect(core).toEqual(Object.keys(dependencies).toSorted());
    expect(await importsOf('dist/index.js', AT_ONCE)).toEqual([]);
    expect(JSON.parse(await inConsumer('node', 'loads.cjs', fixture))).toEqual({
      withAssertion: [],
      withReceipt: ['pkijs'],
    });
    expect(await importsOf('dist/server.js', AT_ONCE)).toEqual([]);
    // The packages that a server needs to verify and refresh receipts.
    expect(await importsOf('dist/server.js', AT_ONCE_OR_LATER)).toEqual(['asn1js', 'jose', 'pkijs']);
    // Users install the frameworks themselves. An adapter only uses the types of its framework.
    for (const adapter of ['http', 'express', 'fastify', 'hono']) {
      expect(await importsOf(`dist/${adapter}.js`, AT_ONCE_OR_LATER), adapter).toEqual([]);
    }
    // Only the users of sessions load jose, and the adapters use only the types of sessions.
    expect(await importsOf('dist/session.js', AT_ONCE_OR_LATER)).toEqual(['jose']);
    for (const module of ['server/conformance', 'redis', 'postgres', 'sqlite', 'client']) {
      expect(await importsOf(`dist/${module}.js`, AT_ONCE_OR_LATER)).toEqual([]);
    }
    expect(await importsOf('dist/testing.js', AT_ONCE)).toEqual(['asn1js']);
    // The clients of databases are loaded only if the command needs them.
    expect(await importsOf('dist/cli.js', AT_ONCE)).toEqual([]);
  });

  it('contains the licenses of its bundled packages', async () => {
    const notices = await readFile(join(consumer, 'node_modules/app-attest/dist/THIRD-PARTY-NOTICES.txt'), 'utf8');
    const packages = notices.split(/^-{80}$/m).map((notice) => notice.trim().split(' ')[0] ?? '');
    const others = packages.filter((name) => !name.startsWith('@peculiar/'));
    expect(packages).toContain('@peculiar/x509');
    expect(others.toSorted()).toEqual(
      [
        ...['cbor-x', 'jose', 'pvtsutils', 'reflect-metadata', 'tslib', 'tsyringe'],
        // Only the inspector page contains the code of these packages.
        ...['@noble/curves', '@noble/hashes', 'asn1js', 'bytestreamjs', 'pkijs', 'preact', 'pvutils'],
      ].toSorted(),
    );
    expect(notices.match(/Permission (is hereby granted|to use, copy)/g)).toHaveLength(packages.length - 4);
    expect(notices.match(/Redistribution and use in source and binary forms/g)).toHaveLength(3);
    expect(notices.match(/Apache License/g)?.length).toBeGreaterThanOrEqual(1);
  });

  it('contains no code of the virtual Apple in the verifiers and the server layer', async () => {
    const bundle = async (module: string) => [...(await modulesOf(module, AT_ONCE_OR_LATER)).values()].join('\n');
    for (const module of ['dist/index.js', 'dist/server.js']) {
      expect(await bundle(module)).not.toContain('X509CertificateGenerator');
    }
    expect(await bundle('dist/testing.js')).toContain('X509CertificateGenerator');
  });

  it('contains no code of the server layer in the verifiers', async () => {
    expect([...(await modulesOf('dist/index.js', AT_ONCE_OR_LATER)).values()].join('\n')).not.toContain(
      'challenge_used',
    );
  });
});

describe('the demo', () => {
  it('exits with 1 if a recording is not verified as expected', async () => {
    const copy = join(consumer, 'demo');
    await cp(join(project, 'examples'), join(copy, 'examples'), { recursive: true });
    await cp(join(project, 'fixtures'), join(copy, 'fixtures'), { recursive: true });
    expect(await inConsumer('node', 'demo/examples/demo.mjs')).toContain('All results are as expected.');

    const path = join(copy, 'fixtures/node-app-attest-assertion.json');
    const broken = JSON.parse(await readFile(path, 'utf8'));
    broken.assertions[0].clientData = Buffer.from('another payload').toString('base64');
    await writeFile(path, JSON.stringify(broken));
    const failure = await promisify(execFile)('node', ['demo/examples/demo.mjs'], { cwd: consumer }).catch(
      (error) => error,
    );
    expect(failure.code).toBe(1);
    expect(failure.stdout).toContain('invalid_signature');
  });
});
