import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const project = fileURLToPath(new URL('../../', import.meta.url));
const fixture = join(project, 'fixtures/apple-guide-2026.json');

let consumer: string;
let tarball: string;
let files: string[];

/** Runs a command in the consumer's project and returns what it prints; fails with what it prints. */
async function inConsumer(command: string, ...args: readonly string[]): Promise<string> {
  try {
    return (await run(command, args, { cwd: consumer })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return expect.fail(`${command} ${args.join(' ')}\n${stdout}${stderr}`);
  }
}

beforeAll(async () => {
  consumer = await mkdtemp(join(tmpdir(), 'app-attest-consumer-'));
  await cp(fileURLToPath(new URL('consumer/', import.meta.url)), consumer, { recursive: true });
  const pack = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', consumer], {
    cwd: project,
  });
  const [packed] = JSON.parse(pack.stdout);
  tarball = join(consumer, packed.filename);
  files = packed.files.map(({ path }: { path: string }) => path);
  await inConsumer('npm', 'ci');
  await inConsumer('npm', 'install', '--no-save', tarball);
});
afterAll(() => rm(consumer, { recursive: true, force: true }));

describe('the packed package', () => {
  it('holds what its users need and nothing else', () => {
    const named = ['LICENSE', 'README.md', 'CHANGELOG.md', 'SECURITY.md', 'package.json'];
    for (const name of named) expect(files).toContain(name);
    expect(files).toContain('dist/index.d.ts');
    expect(files).toContain('certs/Apple_App_Attestation_Root_CA.pem');
    expect(files.filter((path) => !/^(dist|certs)\//.test(path)).toSorted()).toEqual(named.toSorted());
  });

  it.each(['runs.mjs', 'runs.cjs'])('verifies a recording in %s', async (script) => {
    expect(JSON.parse(await inConsumer('node', script, fixture))).toEqual({
      environment: 'production',
      extensions: { validationCategory: 1, bundleVersion: '1' },
      wrong: 'app_id_mismatch',
    });
  });

  it.each(['tsconfig.json', 'tsconfig.bundler.json'])('type-checks in a strict project with %s', async (config) => {
    await inConsumer('npx', 'tsc', '-p', config);
  });

  it('passes publint', async () => {
    await inConsumer('npx', 'publint', '--strict', tarball);
  });

  it('passes @arethetypeswrong/cli', async () => {
    expect(await inConsumer('npx', 'attw', tarball)).toContain('No problems found');
  });

  it('loads no more than its dependencies', async () => {
    const { dependencies } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8'));
    const bundle = await readFile(join(consumer, 'node_modules/app-attest/dist/index.js'), 'utf8');
    const imported = [...bundle.matchAll(/^import .*?from "([^"]+)"|^import "([^"]+)"/gm)]
      .map(([, from, bare]) => from ?? bare ?? '')
      .filter((name) => !name.startsWith('node:'))
      .map((name) => name.replace(/^((?:@[^/]+\/)?[^/]+).*$/, '$1'));
    expect([...new Set(imported)].toSorted()).toEqual(Object.keys(dependencies).toSorted());
  });
});

describe('the demo', () => {
  it('fails where evidence does not come out as it should', async () => {
    const copy = join(consumer, 'demo');
    await cp(join(project, 'examples'), join(copy, 'examples'), { recursive: true });
    await cp(join(project, 'fixtures'), join(copy, 'fixtures'), { recursive: true });
    expect(await inConsumer('node', 'demo/examples/demo.mjs')).toContain('Everything came out as it should.');

    const path = join(copy, 'fixtures/node-app-attest-assertion.json');
    const broken = JSON.parse(await readFile(path, 'utf8'));
    broken.assertions[0].clientData = Buffer.from('another payload').toString('base64');
    await writeFile(path, JSON.stringify(broken));
    const failure = await run('node', ['demo/examples/demo.mjs'], { cwd: consumer }).catch((error) => error);
    expect(failure.code).toBe(1);
    expect(failure.stdout).toContain('invalid_signature');
  });
});
