import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Miniflare } from 'miniflare';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storeConformance } from '../../src/conformance/index.js';
import { memoryStores } from '../../src/server/index.js';
import { NODE_RELEASES, nodeRelease } from '../servers/support/node-release.js';
import type { CaseOutcome } from './node-sqlite-process.js';

const built = (name: string): string => fileURLToPath(new URL(`build/${name}.js`, import.meta.url));
const names = storeConformance(() => memoryStores()).map(({ name }) => name);

describe.each(NODE_RELEASES)('the SQLite stores on node:sqlite of %s', (release) => {
  let folder: string;
  let outcomes: CaseOutcome[];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'app-attest-node-sqlite-'));
    const command = [built('node-sqlite-process'), join(folder, 'app-attest.db')];
    const { stdout } = await promisify(execFile)(nodeRelease(release), command);
    outcomes = JSON.parse(stdout);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(names)('%s', (name) => {
    expect(outcomes.find((outcome) => outcome.name === name)).toEqual({ name });
  });
});

describe('the SQLite stores on Cloudflare D1 in workerd', () => {
  let workerd: Miniflare;
  let url: URL;
  beforeAll(async () => {
    workerd = new Miniflare({
      modules: true,
      script: await readFile(built('d1-worker'), 'utf8'),
      d1Databases: { DB: 'app-attest' },
      compatibilityDate: '2026-07-01',
      compatibilityFlags: ['nodejs_compat'],
    });
    url = await workerd.ready;
  });
  afterAll(() => workerd.dispose());

  it.each(names.map((name, index) => [name, index] as const))('%s', async (name, index) => {
    const response = await fetch(new URL(`/${index}`, url));
    expect(await response.json()).toEqual({ name, error: '' });
  });

  it('take a challenge once in the example d1.ts', async () => {
    expect(await (await fetch(new URL('/example', url))).json()).toEqual(['taken', 'challenge_used']);
  });
});
