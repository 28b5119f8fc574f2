import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { env } from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child, freePort } from '../servers/support/child.js';
import { itProtects } from './support/it-protects.js';
import { type RunningProject, startProject } from './support/start-project.js';

/** Wrangler asks no questions in CI. */
const SETTINGS = { CI: 'true', WRANGLER_SEND_METRICS: 'false' };

let project: RunningProject;

beforeAll(async () => {
  project = await startProject('workers', {
    build: [['npm', 'run', 'build']],
    start: ['npm', 'start'],
    env: SETTINGS,
  });
});
afterAll(() => project?.stop());

itProtects(() => project);

const { HOME, PATH } = env;

describe('a Worker that trusts the root in .dev.vars', () => {
  const STATE = ['--persist-to', 'state-of-virtual-iphone'];
  const ROOT_FILE = ['--root-file', 'virtual-apple.json'];

  const options = () => ({
    cwd: project.folder,
    env: { ...SETTINGS, HOME, PATH: `${project.folder}/node_modules/.bin:${PATH}` },
  });
  const execute = async (command: string, ...args: string[]) => {
    return (await promisify(execFile)(command, args, options())).stdout;
  };

  /** Starts the Worker with these variables, and calls a function. */
  async function withVariables(variables: string, use: (worker: Child, url: string) => Promise<void>): Promise<void> {
    const source = await readFile(join(project.folder, 'src/index.ts'), 'utf8');
    const changed = source.replace(
      '...sqliteStores(env.DB) }',
      '...sqliteStores(env.DB), trustAnchors: [env.VIRTUAL_ROOT] }',
    );
    expect(changed).not.toBe(source);
    await writeFile(join(project.folder, 'src/trusting.ts'), changed);
    const root = await execute('app-attest', 'device', '--print-root', ...ROOT_FILE);
    await writeFile(join(project.folder, '.dev.vars'), `${variables}VIRTUAL_ROOT="${root}"\n`);
    const port = await freePort();
    const address = ['--local', '--ip', '127.0.0.1', '--port', String(port), '--inspector-port', '0'];
    const worker = new Child('wrangler', ['dev', 'src/trusting.ts', ...address, ...STATE], {
      ...options(),
      detached: true,
    });
    try {
      await use(worker, `http://127.0.0.1:${port}`);
    } finally {
      if (worker.process.pid !== undefined) process.kill(-worker.process.pid, 'SIGKILL');
    }
  }

  it('passes the test with a virtual iPhone', async () => {
    await execute('wrangler', 'd1', 'migrations', 'apply', 'DB', '--local', ...STATE);
    await withVariables('APP_ATTEST_VIRTUAL=allow\n', async (worker, url) => {
      await worker.until(() => fetch(url));
      const output = await execute(
        'app-attest',
        'device',
        '--url',
        url,
        '--app-id',
        'TEAMID1234.com.example.app',
        ...ROOT_FILE,
      );
      expect(output).toContain('All 12 responses are as expected.');
    });
  });

  it('does not start without APP_ATTEST_VIRTUAL', async () => {
    await withVariables('', async (worker) => {
      await expect.poll(() => worker.output, { timeout: 30_000 }).toContain('APP_ATTEST_VIRTUAL to "allow"');
    });
  });
});
