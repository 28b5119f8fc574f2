import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { project } from './packed.js';

const cli = join(project, 'dist/cli.js');
const appId = 'TEAMID1234.com.example.app';

let folder: string;
const env: NodeJS.ProcessEnv = { ...process.env };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'app-attest-command-'));
  await mkdir(join(folder, 'state'));
  Object.assign(env, { XDG_STATE_HOME: join(folder, 'state'), APP_ATTEST_VIRTUAL: 'allow' });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a command as a process. If `input` is `undefined`, the standard input of the process is empty. */
async function run(command: string, args: readonly string[], input?: string | Uint8Array) {
  const child = spawn(command, args, { cwd: folder, env });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text;
  });
  // The command may end before it has read all of its input.
  child.stdin.on('error', () => undefined).end(input);
  const [code] = await once(child, 'close');
  return { code, output, errors };
}

const appAttest = (args: readonly string[], input?: string | Uint8Array) =>
  run(process.execPath, [cli, ...args], input);

const guide = JSON.parse(readFileSync(join(project, 'fixtures/apple-guide-2026.json'), 'utf8'));
const { object: attestation, clientDataHash, validAt } = guide.attestation;
const accepted = [
  '--app-id',
  guide.appId,
  '--client-data-hash',
  clientDataHash,
  '--key-id',
  guide.keyId,
  '--date',
  validAt,
];

/**
 * Starts a backend that trusts the virtual iPhone of `npx app-attest device`. Returns its server and its URL. If `acceptsReplays`
 * is true, the backend accepts an assertion again without a check.
 */
async function backend(acceptsReplays: boolean) {
  const { createAppAttest, memoryStores } = await import(join(project, 'dist/server.js'));
  const { expressHandlers } = await import(join(project, 'dist/express.js'));
  const { output: root } = await appAttest(['device', '--print-root']);
  const { challenge, registration, protect } = expressHandlers(
    createAppAttest({ appId, trustAnchors: [root], ...memoryStores() }),
  );
  const app = express();
  app.post('/app-attest/challenge', challenge);
  app.post('/app-attest/registration', registration);
  const seen = new Set<string | undefined>();
  app.post('/orders', (request, response, next) => {
    const assertion = request.header('X-App-Attest-Assertion');
    if (acceptsReplays && assertion && seen.has(assertion)) return response.status(201).json({ ordered: 'again' });
    seen.add(assertion);
    return protect(request, response, next);
  });
  app.post('/orders', (request, response) => {
    response.status(201).json({ ordered: request.body.item });
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return { server, url: `http://127.0.0.1:${address.port}` };
}

describe('the command app-attest', () => {
  it('exits with 0 if evidence is accepted, 1 if it is rejected, and 2 if an argument is invalid', async () => {
    const good = await appAttest(['explain', '-', ...accepted], attestation);
    expect(good).toMatchObject({ code: 0, errors: '', output: expect.stringContaining('✓ accepted\n') });
    const bad = await appAttest(['explain', '-', ...accepted, '--app-id', appId, '--date', '2030-01-01'], attestation);
    expect(bad).toMatchObject({ code: 1, errors: '' });
    expect(bad.output).toContain('certificate_expired');
    expect(await appAttest(['explain', '--colour'])).toMatchObject({ code: 2, output: '' });
  });

  it('prints no colours if standard output is not a terminal', async () => {
    expect((await appAttest(['inspect', '-'], attestation)).output).not.toContain('\u001b');
  });

  it.skipIf(!existsSync('/usr/bin/script'))(
    'wraps its output in a narrow terminal, with colours unless NO_COLOR is set',
    async () => {
      await writeFile(join(folder, 'attestation.txt'), attestation);
      const inTerminal = async (start: string) => {
        const command = `stty cols 50; ${start} '${process.execPath}' '${cli}' inspect attestation.txt`;
        return (await run('script', ['-qec', command, '/dev/null'])).output.replaceAll('\r', '');
      };
      const coloured = await inTerminal('env -u NO_COLOR TERM=xterm');
      expect(coloured).toContain('\u001b[1mattestation: 5906 bytes, from base64\u001b[22m');
      const plain = await inTerminal('env NO_COLOR=1 TERM=xterm');
      expect(plain).not.toContain('\u001b');
      for (const line of plain.split('\n')) expect(line.length).toBeLessThanOrEqual(50);
    },
  );

  it('prints no error if the reader of its output has ended, and exits with the usual code', async () => {
    await writeFile(join(folder, 'attestation.txt'), attestation);
    const command = `{ '${process.execPath}' '${cli}' inspect attestation.txt; echo "code $?" >&2; } | true`;
    const { output, errors } = await run('sh', ['-c', command]);
    expect({ output, errors }).toEqual({ output: '', errors: 'code 0\n' });
  });

  it.each(['explain', 'inspect', 'receipt', 'replay'])(
    '%s rejects 10 MB in at most five times the time of inspecting an attestation',
    async (command) => {
      const startedAt = performance.now();
      await appAttest(['inspect', '-'], attestation);
      const limit = 5 * (performance.now() - startedAt);
      const start = performance.now();
      const { code, errors } = await appAttest([command, '-'], Buffer.alloc(10_000_000, 0x41));
      expect({ code, isLong: errors.includes('longer than 1048576 bytes') }).toEqual({ code: 2, isLong: true });
      expect(performance.now() - start).toBeLessThan(limit);
    },
  );

  it('shows its help in no more than ten times the time that Node.js needs to start', async () => {
    const startedAt = performance.now();
    await run(process.execPath, ['--eval', '']);
    const limit = 10 * (performance.now() - startedAt);
    const start = performance.now();
    expect(await appAttest(['--help'])).toMatchObject({ code: 0, output: expect.stringMatching(/^Usage: app-attest/) });
    expect(performance.now() - start).toBeLessThan(limit);
  });
});

/** Returns the text of a module in dist/, and of all modules that it imports statically. */
function loadedAtOnce(name: string, seen = new Map<string, string>()): Map<string, string> {
  if (seen.has(name)) return seen;
  const source = readFileSync(join(project, 'dist', name), 'utf8');
  seen.set(name, source);
  for (const [, file = ''] of source.matchAll(/^(?:import .*|\} from |import )["']\.\/([^"']+)["']/gm))
    loadedAtOnce(file, seen);
  return seen;
}

it('only the command device loads the library that creates certificates', () => {
  const codeOf = (name: string): string => [...loadedAtOnce(name).values()].join('\n');
  const cliSource = codeOf('cli.js');
  const moduleOf = (name: string): string =>
    new RegExp(`import\\("\\./(${name}-command-\\w+\\.js)"`).exec(cliSource)?.[1] ?? '';
  for (const name of ['cli.js', ...['refresh', 'explain', 'receipt', 'replay', 'inspect', 'inspector'].map(moduleOf)]) {
    expect(codeOf(name), name).not.toContain('tsyringe');
  }
  expect(codeOf(moduleOf('device'))).toContain('tsyringe');
  expect(cliSource.length).toBeLessThan(20_000);
});

describe('the example in the help', () => {
  /** Returns the arguments of the example at the end of a help text, without `npx app-attest`. */
  const exampleOf = async (name: string): Promise<string[]> => {
    const { output } = await appAttest([name, '--help']);
    const [, example = ''] = /Example:\n {2}npx app-attest (.+)\n$/s.exec(output) ?? [];
    return example.split(/[\s\\]+/);
  };

  it('of inspect, explain, receipt or replay runs with the files that it names', async () => {
    const { createVirtualApple } = await import(join(project, 'dist/testing.js'));
    const apple = await createVirtualApple();
    const device = await apple.createDevice({ appId });
    const keyId = await device.generateKey();
    const registration = await device.capacitor.createAttestation({ keyId, challenge: 'a challenge' });
    const { inspectAttestation } = await import(join(project, 'dist/index.js'));
    const { receipt } = inspectAttestation(registration.token);
    await writeFile(join(folder, 'attestation.txt'), registration.token);
    await writeFile(join(folder, 'registration.json'), JSON.stringify(registration));
    await writeFile(join(folder, 'receipt.txt'), Buffer.from(receipt).toString('base64'));
    const capsule = { version: 1, kind: 'attestation', evidence: registration.token, code: 'untrusted_certificate' };
    await writeFile(join(folder, 'capsule.json'), JSON.stringify(capsule));
    expect(await appAttest(await exampleOf('inspect'))).toMatchObject({ code: 0, errors: '' });
    // These commands trust only Apple's roots, so they reject evidence of a virtual Apple.
    for (const name of ['explain', 'receipt', 'replay']) {
      const { code, output, errors } = await appAttest(await exampleOf(name));
      expect({ name, code, errors }).toEqual({ name, code: 1, errors: '' });
      expect(output).toContain('✗ rejected: untrusted_certificate');
    }
  });

  it('of device runs against a backend', async () => {
    const { server, url } = await backend(false);
    const args = (await exampleOf('device')).map((arg) => arg.replace('http://localhost:3000', url));
    const { code, output } = await appAttest(args);
    server.close();
    expect(output).toContain('All 12 responses are as expected.\n');
    expect(code).toBe(0);
  });

  it('of inspector serves the page until the process receives SIGINT', async () => {
    const args = await exampleOf('inspector');
    expect(args).toContain('--no-open');
    const page = join(project, 'dist/inspector/index.html');
    if (!existsSync(page)) return expect(await appAttest(args)).toMatchObject({ code: 2 });
    const child = spawn(process.execPath, [cli, ...args], { env });
    const [text] = await once(child.stdout, 'data');
    const [url = ''] = /http:\S+/.exec(String(text)) ?? [];
    const response = await fetch(url);
    expect(await response.text()).toBe(readFileSync(page, 'utf8'));
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

it('the command device reports that a backend accepts replays', async () => {
  const { server, url } = await backend(true);
  const { code, output } = await appAttest(['device', '--url', url, '--app-id', appId]);
  server.close();
  expect(output).toContain(`✗ An attacker sends the same request again
    expected  rejected, such as 401 challenge_used
    got       201 {"ordered":"again"}
`);
  expect(output).toContain('1 of 12 responses is not as expected.');
  expect(code).toBe(1);
});
