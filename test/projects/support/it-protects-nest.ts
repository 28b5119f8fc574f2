import { afterAll, beforeAll, expect, it } from 'vitest';
import { PostgresServer } from '../../servers/support/postgres-server.js';
import { itProtects } from './it-protects.js';
import { type RunningProject, startProject } from './start-project.js';

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

  it('sends only the response of app-attest to a rejected request', async () => {
    const { status, headers } = await fetch(`${project.url}/orders/7`);
    expect({ status, type: headers.get('content-type') }).toEqual({
      status: 401,
      type: 'application/json; charset=utf-8',
    });
    expect(project.output).not.toMatch(/ERROR|ERR_HTTP_HEADERS_SENT/);
  });
}
