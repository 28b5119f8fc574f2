import { afterAll, beforeAll, expect, it } from 'vitest';
import { itProtects } from './support/it-protects.js';
import { createTrustedDevice, Phone } from './support/phone.js';
import { type RunningProject, startProject } from './support/start-project.js';

let project: RunningProject;

beforeAll(async () => {
  const env = { NEXT_TELEMETRY_DISABLED: '1' };
  project = await startProject('next', { build: [['next', 'build']], start: ['next', 'start'], env });
});
afterAll(() => project?.stop());

itProtects(() => project);

it('passes a NextRequest to the handler', async () => {
  const phone = new Phone(project.url, '', await createTrustedDevice());
  await phone.register();
  const body = '{"item":"coffee"}';
  const answer = await phone.send('POST', '/orders?gift', await phone.sign('POST', '/orders?gift', body), body);
  expect(answer, project.output).toMatchObject({ status: 200, body: { ordered: 'coffee', isGift: true } });
});
