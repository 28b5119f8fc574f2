import { afterAll, beforeAll } from 'vitest';
import { itProtects } from './support/it-protects.js';
import { type RunningProject, startProject } from './support/start-project.js';

const WITHOUT_QUESTIONS = { CI: 'true', WRANGLER_SEND_METRICS: 'false' };

let project: RunningProject;

beforeAll(async () => {
  project = await startProject('workers', {
    build: [['wrangler', 'types'], ['tsc'], ['wrangler', 'd1', 'migrations', 'apply', 'DB', '--local']],
    start: ['sh', '-c', 'exec wrangler dev --local --ip 127.0.0.1 --port "$PORT"'],
    env: WITHOUT_QUESTIONS,
  });
});
afterAll(() => project?.stop());

itProtects(() => project);
