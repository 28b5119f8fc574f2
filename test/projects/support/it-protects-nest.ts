import { execFile } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PostgresServer } from '../../servers/support/postgres-server.js';
import { itProtects } from './it-protects.js';
import { type RunningProject, startProject } from './start-project.js';

const closeNest = fileURLToPath(new URL('close-nest.mjs', import.meta.url));

/** The tests of a project with NestJS, on its own PostgreSQL server. */
export function itProtectsNest(name: string): void {
  let postgres: PostgresServer;
  let project: RunningProject;

  beforeAll(async () => {
    postgres = await PostgresServer.start();
    const env = { DATABASE_URL: postgres.url };
    project = await startProject(name, { build: [['tsc']], start: ['node', 'dist/main.js'], env });
  });
  afterAll(async () => {
    await project?.stop();
    await postgres?.stop();
  });

  itProtects(() => project);

  /** Runs a script in the folder of the project. */
  const node = (script: string, env: Record<string, string>) => {
    const { PATH } = process.env;
    return promisify(execFile)('node', [script], { cwd: project.folder, env: { PATH, ...env } });
  };

  it('sends only the response of app-attest to a rejected request, and logs the reason', async () => {
    const { status, headers } = await fetch(`${project.url}/orders/7`);
    expect({ status, type: headers.get('content-type') }).toEqual({
      status: 401,
      type: 'application/json; charset=utf-8',
    });
    await expect.poll(() => project.output).toMatch(/WARN.*AppAttest.*protected assertion_missing: /);
    expect(project.output).not.toMatch(/ERROR|ERR_HTTP_HEADERS_SENT/);
  });

  it('sends the last response and then ends its connections when the app is closed', async () => {
    await cp(closeNest, join(project.folder, 'close-nest.mjs'));
    const { stdout } = await node('close-nest.mjs', { DATABASE_URL: postgres.url, PGAPPNAME: 'nest' });
    expect(JSON.parse(stdout)).toEqual({ status: 200, before: 1, after: 0 });
  });

  it('does not start without DATABASE_URL', async () => {
    await expect(node('dist/main.js', {})).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('set DATABASE_URL'),
    });
  });
}
