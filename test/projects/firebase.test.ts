import { once } from 'node:events';
import { createServer, request as sendRequest } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PostgresServer } from '../servers/support/postgres-server.js';
import { itProtects } from './support/it-protects.js';
import { createTrustedDevice, Phone } from './support/phone.js';
import { type RunningProject, startProject } from './support/start-project.js';

let postgres: PostgresServer;
let project: RunningProject;
let phone: Phone;

/** Google's server in front of the function. It removes the name of the function from the path. */
const front = createServer((incoming, outgoing) => {
  const { method, headers, url = '' } = incoming;
  const passed = sendRequest(project.url + url.replace(/^\/api/, ''), { method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  passed.on('error', () => outgoing.destroy());
  incoming.pipe(passed);
});

const frontUrl = (): string => {
  const address = front.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
};

beforeAll(async () => {
  postgres = await PostgresServer.start();
  const build = [['tsc'], ['npm', 'run', 'migrate']];
  const env = { DATABASE_URL: postgres.url, PUBLIC_PATH: '/api' };
  project = await startProject('firebase', { build, start: ['functions-framework', '--target=api'], env });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  phone = new Phone(frontUrl(), '/api', await createTrustedDevice());
  await phone.register();
});
afterAll(async () => {
  front.closeAllConnections();
  front.close();
  await project?.stop();
  await postgres?.stop();
});

itProtects(() => ({ ...project, url: frontUrl() }), { prefix: '/api' });

it.each(['application/json', 'application/x-www-form-urlencoded', 'text/plain', 'application/octet-stream'])(
  'accepts a signed body with the type %s, although the host has already parsed the body',
  async (type) => {
    const body = '{"item":"☕ & tea=1"}';
    const headers = { ...(await phone.sign('POST', '/orders', body)), 'content-type': type };
    const answer = await phone.send('POST', '/orders', headers, body);
    expect(answer).toMatchObject({ status: 200, body: { ordered: '☕ & tea=1', by: phone.keyId } });
  },
);

it('rejects a request that was signed with the name of another function', async () => {
  const headers = await phone.sign('GET', '/other/orders/7');
  const answer = await phone.send('GET', '/orders/7', headers);
  expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_signature' } });
});
