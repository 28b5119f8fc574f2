import { afterAll, beforeAll, expect, it } from 'vitest';
import { answerOf } from '../support/http-client.js';
import { itProtects } from './support/it-protects.js';
import { registeredPhone } from './support/registered-phone.js';
import { type RunningProject, startProject } from './support/start-project.js';

let project: RunningProject;

beforeAll(async () => {
  const env = { NEXT_TELEMETRY_DISABLED: '1' };
  project = await startProject('next', { build: [['next', 'build']], start: ['next', 'start'], env });
});
afterAll(() => project?.stop());

itProtects(() => project);

it('passes a NextRequest to the handler', async () => {
  const phone = await registeredPhone(project.url);
  const body = '{"item":"coffee"}';
  const headers = { ...(await phone.sign('POST', '/orders?gift', body)), 'content-type': 'application/json' };
  const answer = await answerOf(await fetch(`${project.url}/orders?gift`, { method: 'POST', headers, body }));
  expect(answer, project.output).toMatchObject({ status: 200, body: { ordered: 'coffee', isGift: true } });
});
