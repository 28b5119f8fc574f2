import { afterAll, beforeAll } from 'vitest';
import { itProtects } from './support/it-protects.js';
import { type RunningProject, startProject } from './support/start-project.js';

let project: RunningProject;

beforeAll(async () => {
  project = await startProject('node-http', { build: [['tsc']], start: ['node', 'dist/server.js'] });
});
afterAll(() => project?.stop());

itProtects(() => project);
