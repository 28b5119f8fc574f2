import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { env } from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child, freePort } from '../servers/support/child.js';
import { itProtects } from './support/it-protects.js';
import { expectKeyToSurvive } from './support/restart-script.js';
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

const documentation = () => readFile('docs/frameworks.md', 'utf8');

/** The call of `createAppAttest` that the documentation shows for tests with a virtual iPhone. */
async function documentedCall(): Promise<string> {
  const [, call = ''] = /^```js\n(const appAttest = .*?)^```$/ms.exec(await documentation()) ?? [];
  return call;
}

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
    const changed = source.replace(/^const appAttest = createAppAttest\(.*\);\n/m, await documentedCall());
    expect(changed).not.toBe(source);
    await writeFile(join(project.folder, 'src/trusting.ts'), changed);
    await writeFile(join(project.folder, '.dev.vars'), variables);
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

  const virtualRoot = async () =>
    `VIRTUAL_ROOT="${await execute('app-attest', 'device', '--print-root', ...ROOT_FILE)}"\n`;

  it('passes the test with a virtual iPhone', async () => {
    await execute('wrangler', 'd1', 'migrations', 'apply', 'DB', '--local', ...STATE);
    await withVariables(`APP_ATTEST_VIRTUAL=allow\n${await virtualRoot()}`, async (worker, url) => {
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

  it('has types for the variables after `wrangler types`', async () => {
    await withVariables(`APP_ATTEST_VIRTUAL=allow\n${await virtualRoot()}`, async () => {
      await execute('wrangler', 'types');
      await execute('tsc');
    });
  });

  it('keeps a key over the restart in examples/restart.mjs', async () => {
    const [line = ''] = /^await writeFile\('\.dev\.vars'.*$/m.exec(await readFile('docs/testing.md', 'utf8')) ?? [];
    const script = (source: string) => source.replace(/^await writeFile\(.*$/m, () => line);
    const command = (port: string) => {
      return ['wrangler', 'dev', 'src/trusting.ts', '--local', '--ip', '127.0.0.1', '--port', port, ...STATE];
    };
    await expectKeyToSurvive(project.folder, options().env, command, script);
  });

  it('prints the documented message at its start without VIRTUAL_ROOT', async () => {
    const [message = ''] = /^AppAttestError: .*$/m.exec(await documentation()) ?? [];
    await withVariables('APP_ATTEST_VIRTUAL=allow\n', async (worker) => {
      await expect.poll(() => worker.output, { timeout: 30_000 }).toContain(message);
    });
    expect(message).toContain('trust anchor');
  });

  it('does not start without APP_ATTEST_VIRTUAL', async () => {
    await withVariables(await virtualRoot(), async (worker) => {
      await expect.poll(() => worker.output, { timeout: 30_000 }).toContain('APP_ATTEST_VIRTUAL to "allow"');
    });
  });
});
