import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PostgresServer } from '../servers/support/postgres-server.js';
import { ApiGateway, decodedPath } from './support/api-gateway.js';
import { itProtects } from './support/it-protects.js';
import { type RunningProject, startProject } from './support/start-project.js';

const invokeFunction = fileURLToPath(new URL('./support/invoke-function.mjs', import.meta.url));
const build = [['tsc'], ['npm', 'run', 'build'], ['npm', 'run', 'migrate']];
const start = ['node', invokeFunction, 'dist/handler.js'];

describe.each([
  ['prod', '/prod'],
  ['$default', ''],
])('behind the stage %s of an HTTP API', (stage, prefix) => {
  let postgres: PostgresServer;
  let functions: RunningProject;
  let gateway: ApiGateway;

  beforeAll(async () => {
    postgres = await PostgresServer.start();
    const env = { DATABASE_URL: postgres.url, PUBLIC_PATH: prefix };
    functions = await startProject('lambda', { build, start, env });
    gateway = await ApiGateway.start(functions.url, stage);
  });
  afterAll(async () => {
    await gateway?.stop();
    await functions?.stop();
    await postgres?.stop();
  });

  itProtects(() => ({ ...functions, url: gateway.url }), { prefix });
});
