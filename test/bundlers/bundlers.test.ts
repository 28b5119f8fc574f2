import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bundler, bundlers, bundlersThatWriteTheEnvironment, type Format, mainFile } from './bundlers.js';

const run = promisify(execFile);
const project = fileURLToPath(new URL('../../', import.meta.url));
const here = join(project, 'test/bundlers');
const entry = (name: string): string => join(here, 'entries', name);
const recordings = ['apple-guide-2026', 'node-app-attest-assertion'].map((name) => {
  return join(project, `fixtures/${name}.json`);
});

/** A folder outside the project. A bundle in it can only use packages that the bundle contains. */
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'app-attest-bundle-'));
  // Installs the package as npm would publish it, into a project without the overrides of this repository.
  const packed = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: project,
  });
  const [{ filename }] = JSON.parse(packed.stdout);
  await run('npm', ['install', '--no-save', join(folder, filename)], { cwd: here });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Bundles an entry, runs the bundle and returns its output. */
async function bundle(bundler: Bundler, name: string, format: Format): Promise<{ code: string; printed: string }> {
  const output = await mkdtemp(join(folder, 'output-'));
  await bundler(entry(name), format, output);
  const files = await readdir(output);
  const code = await Promise.all(files.map((file) => readFile(join(output, file), 'utf8')));
  const { stdout, stderr } = await run(execPath, [join(output, mainFile(format)), ...recordings], { cwd: output });
  expect(stderr).toBe('');
  return { code: code.join('\n'), printed: stdout };
}

describe.each(Object.entries(bundlers))('a bundle of %s', (_name, bundler) => {
  describe.each(['esm', 'cjs'] as const)('as %s', (format) => {
    it.each(['verify.mjs', 'verify.cjs'])('verifies recordings with the entry %s', async (name) => {
      const { code, printed } = await bundle(bundler, name, format);
      expect(JSON.parse(printed)).toEqual({ environment: 'production', counter: 1, rejected: 'invalid_signature' });
      expect(code).toContain('BEGIN CERTIFICATE');
      expect(code).not.toMatch(/(from|require\(|import\() ?["'](?!node:|\.\/)[\w@]/);
    });

    it('is almost empty if only a constant is used', async () => {
      const { code, printed } = await bundle(bundler, 'category.mjs', format);
      expect(printed.trim()).toBe('4');
      expect(code.length).toBeLessThan(2000);
    });

    it('contains no certificate code if only assertions are verified', async () => {
      const { code, printed } = await bundle(bundler, 'assertion.mjs', format);
      expect(printed.trim()).toBe('function');
      expect(code).toContain('invalid_signature');
      expect(code).not.toMatch(/BEGIN CERTIFICATE|untrusted_certificate/);
    });
  });
});

const writing = { ...bundlers, ...bundlersThatWriteTheEnvironment };

describe.each(Object.entries(writing))('a bundle of %s', (_name, bundler) => {
  it('detects production at run time, regardless of the values that the bundler inserted', async () => {
    const script = `import { createVirtualApple } from 'app-attest/testing';
      const { trustAnchors } = await createVirtualApple();
      console.log(trustAnchors[0]);`;
    const { stdout: root } = await run(execPath, ['--input-type=module', '--eval', script], { cwd: here });
    const output = await mkdtemp(join(folder, 'output-'));
    await bundler(entry('virtual-apple.mjs'), 'esm', output);
    const result = async (environment: NodeJS.ProcessEnv): Promise<unknown> => {
      const { NODE_ENV: _, ...rest } = process.env;
      const { stdout } = await run(execPath, [join(output, mainFile('esm')), root], {
        env: { ...rest, ...environment },
      });
      return JSON.parse(stdout);
    };
    const rejected = {
      trusted: expect.stringMatching(
        /^invalid_argument: the root of a virtual Apple must not be a trust anchor in production/,
      ),
      made: expect.stringContaining('must not run in production'),
    };
    expect(await result({ NODE_ENV: 'production' })).toEqual(rejected);
    expect(await result({})).toEqual(rejected);
    const allowed = { trusted: expect.stringMatching(/^malformed_attestation/), made: 'made' };
    expect(await result({ NODE_ENV: 'test' })).toEqual(allowed);
    expect(await result({ APP_ATTEST_VIRTUAL: 'allow' })).toEqual(allowed);
  });
});

describe('the installed package', () => {
  async function globalChanges(module: string): Promise<string[]> {
    return JSON.parse((await run(execPath, [entry('global-changes.mjs'), module], { cwd: here })).stdout);
  }

  it.each(['index.js', 'index.cjs'])('changes no global object when its %s is imported', async (module) => {
    expect(await globalChanges(join(here, 'node_modules/app-attest/dist', module))).toEqual([]);
  });

  it('changes only the global object Reflect when app-attest/testing is imported, because it loads reflect-metadata', async () => {
    const changes = await globalChanges('app-attest/testing');
    expect(changes.filter((name) => !name.startsWith('Reflect.'))).toEqual([]);
    expect(changes).toContain('Reflect.getMetadata');
  });

  it('has only one version of each dependency', async () => {
    // npm ls exits with 1, because app-attest was installed with --no-save and is not in package.json.
    const listed: { stdout: string } = await run('npm', ['ls', '--all', '--parseable', '--omit=dev'], {
      cwd: here,
    }).catch((error) => error);
    const names = listed.stdout
      .trim()
      .split('\n')
      .map((path) => path.replace(/^.*\/node_modules\//, ''));
    expect(names).toContain('app-attest');
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });
});
