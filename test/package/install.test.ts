import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pack, run } from './packed.js';

const BLOCK = 4096;

let folder: string;
let tarball: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'app-attest-install-'));
  ({ tarball } = await pack(folder));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function emptyProject(): Promise<string> {
  const empty = await mkdtemp(join(folder, 'empty-'));
  await writeFile(join(empty, 'package.json'), '{ "private": true }');
  return empty;
}

/** Returns the space that the files of a folder use on a disk with blocks of 4 KiB, in bytes. */
async function sizeOnDisk(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size));
  return sizes.reduce((sum, size) => sum + Math.ceil(size / BLOCK) * BLOCK, 0);
}

describe('npm install app-attest', () => {
  it('installs at most nine packages and 16 MB, each package in one version, and runs no install script', async () => {
    const empty = await emptyProject();
    await run(empty, 'npm', 'install', tarball);
    const lock = JSON.parse(await readFile(join(empty, 'node_modules/.package-lock.json'), 'utf8'));
    const installed: [string, { hasInstallScript?: true }][] = Object.entries(lock.packages);
    const names = installed.map(([path]) => path.replace(/^.*node_modules\//, '')).toSorted();
    const scripts = installed.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path);
    const megabytes = (await sizeOnDisk(join(empty, 'node_modules'))) / 1_000_000;
    console.log(
      `npm install app-attest: ${names.length} packages, ${megabytes.toFixed(1)} MB, ` +
        `${scripts.length} install scripts (${names.join(', ')})`,
    );
    expect(names).toEqual([...new Set(names)]);
    expect(scripts).toEqual([]);
    expect(names.length).toBeLessThanOrEqual(9);
    expect(megabytes).toBeLessThanOrEqual(16);
  });

  it.each([
    'express@4.17.0',
    'express@4',
    'express@5',
    'fastify@4.0.0',
    'fastify@4',
    'fastify@5',
    'hono@4',
    'ioredis@5',
    'ioredis@6',
    'pg@8',
    'redis@4',
    'redis@5',
    'redis@6',
    'better-sqlite3@12',
    '@libsql/client@0.18',
  ])('succeeds in a project that also installs %s', async (neighbour) => {
    await run(await emptyProject(), 'npm', 'install', '--package-lock-only', tarball, neighbour);
  });

  it.each(['express@3', 'fastify@3'])('fails in a project that also installs %s', async (neighbour) => {
    const install = promisify(execFile)('npm', ['install', '--package-lock-only', tarball, neighbour], {
      cwd: await emptyProject(),
    });
    await expect(install).rejects.toThrow('ERESOLVE');
  });
});
