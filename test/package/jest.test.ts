import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pack, project, run } from './packed.js';

let consumer: string;

beforeAll(async () => {
  consumer = await mkdtemp(join(tmpdir(), 'app-attest-jest-'));
  await cp(fileURLToPath(new URL('jest/', import.meta.url)), consumer, { recursive: true });
  const { tarball } = await pack(consumer);
  await run(consumer, 'npm', 'ci', '--ignore-scripts');
  await run(consumer, 'npm', 'install', '--no-save', '--ignore-scripts', tarball);
});
afterAll(() => rm(consumer, { recursive: true, force: true }));

describe('in CommonJS', () => {
  it('a backend can be tested with Jest, without a flag of Node.js', async () => {
    await run(consumer, 'npx', 'jest');
  });

  it('all packages are loaded with require(), because `import()` fails in Jest', async () => {
    const dist = join(project, 'dist');
    const modules = (await readdir(dist, { recursive: true })).filter((path) => path.endsWith('.cjs'));
    expect(modules).toContain('index.cjs');
    for (const module of modules) expect(await readFile(join(dist, module), 'utf8'), module).not.toMatch(/\bimport\(/);
  });
});
