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

/** How a module names what it imports: with its own loading, or now and then only when a function runs. */
const AT_ONCE = /(?:^import |^\} from |^import .* from )"([^"]+)"/gm;
const AT_ONCE_OR_LATER = /(?:from |^import |import\()"([^"]+)"/gm;

/** What a module of the installed package and its parts say, and what they import from elsewhere. */
async function readModule(
  module: string,
  statements = AT_ONCE_OR_LATER,
): Promise<{ source: string; packages: string[] }> {
  const dist = join(consumer, 'node_modules/app-attest/dist');
  const sources = new Map<string, string>();
  const imported = new Set<string>();
  for (const path of imported.add(`./${module}`)) {
    if (!path.startsWith('./')) continue;
    const source = await readFile(join(dist, path), 'utf8');
    sources.set(path, source);
    for (const [, name] of source.matchAll(statements)) imported.add(name ?? '');
  }
  const packages = [...imported].filter((name) => !/^(\.\/|node:)/.test(name));
  return {
    source: [...sources.values()].join('\n'),
    packages: [...new Set(packages.map((name) => name.replace(/^((?:@[^/]+\/)?[^/]+).*$/, '$1')))].toSorted(),
  };
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

  it.each(['runs.mjs', 'runs.cjs'])('verifies a recording and its receipt in %s', async (script) => {
    expect(JSON.parse(await inConsumer('node', script, fixture))).toEqual({
      environment: 'production',
      extensions: { validationCategory: 1, bundleVersion: '1' },
      wrong: 'app_id_mismatch',
      type: 'ATTEST',
      old: 'receipt_expired',
    });
  });

  it.each(['tsconfig.json', 'tsconfig.bundler.json'])('type-checks in a strict project with %s', async (config) => {
    await inConsumer('npx', 'tsc', '-p', config);
  });

  it('passes publint', async () => {
    await inConsumer('npx', 'publint', '--strict', tarball);
  });

  it('passes @arethetypeswrong/cli', async () => {
    // TypeScript's old "node10" resolution knows no subpaths at all.
    await inConsumer('npx', 'attw', tarball, '--profile', 'node16');
  });

  it.each(['testing.mjs', 'testing.cjs'])(
    'verifies a virtual device, and asks for its risk metric, in %s',
    async (script) => {
      expect(JSON.parse(await inConsumer('node', script))).toEqual({
        appId: 'TEAMID1234.com.example.app',
        counter: 1,
        riskMetric: 1,
      });
    },
  );

  it('loads no more than its dependencies, and for verification no more than it needs', async () => {
    const { dependencies } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8'));
    const { packages: core } = await readModule('index.js');
    const { packages: testing } = await readModule('testing.js');
    expect([...new Set([...core, ...testing])].toSorted()).toEqual(Object.keys(dependencies).toSorted());
    for (const name of ['@peculiar/x509', 'reflect-metadata']) expect(core).not.toContain(name);
    const { packages: atOnce } = await readModule('index.js', AT_ONCE);
    for (const name of ['jose', 'pkijs']) {
      expect(core).toContain(name);
      expect(atOnce).not.toContain(name);
    }
    expect(JSON.parse(await inConsumer('node', 'loads.cjs', fixture))).toEqual({
      withAssertion: [],
      withReceipt: ['pkijs'],
    });
  });

  it('has nothing of the virtual Apple in what verifies', async () => {
    expect((await readModule('index.js')).source).not.toContain('X509CertificateGenerator');
    expect((await readModule('testing.js')).source).toContain('X509CertificateGenerator');
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
