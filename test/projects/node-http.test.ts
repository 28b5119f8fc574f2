import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { env } from 'node:process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { itProtects } from './support/it-protects.js';
import { expectKeyToSurvive } from './support/restart-script.js';
import { type RunningProject, startProject } from './support/start-project.js';

let project: RunningProject;

beforeAll(async () => {
  project = await startProject('node-http', { build: [['tsc']], start: ['node', 'dist/server.js'] });
});
afterAll(() => project?.stop());

itProtects(() => project);

it.each([
  ['an environment variable', 'process.env.VIRTUAL_ROOT_TEXT'],
  ['a file', "process.getBuiltinModule('node:fs').readFileSync(process.env.VIRTUAL_ROOT, 'utf8')"],
])('keeps a key over the restart in examples/restart.mjs, with the root in %s', async (_name, root) => {
  const source = await readFile(join(project.folder, 'dist/server.js'), 'utf8');
  const changed = source.replace('...sqliteStores(database) }', `...sqliteStores(database), trustAnchors: [${root}] }`);
  expect(changed).not.toBe(source);
  await writeFile(join(project.folder, 'dist/trusting.js'), changed);
  const { HOME, PATH } = env;
  await expectKeyToSurvive(project.folder, { HOME, PATH }, () => ['node', 'dist/trusting.js']);
});
