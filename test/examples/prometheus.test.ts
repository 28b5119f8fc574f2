import { afterAll, describe, expect, it } from 'vitest';
import { metrics } from '../../examples/prometheus.js';
import { createBackend, createDevice } from '../support/backend.js';
import { Client } from '../support/http-client.js';
import { SERVERS, serveNode, type TestServer } from '../support/http-servers.js';

const servers: TestServer[] = [];
afterAll(async () => {
  for (const server of servers) await server.close();
});

async function scrape(origin: string): Promise<string[]> {
  const response = await fetch(`${origin}/metrics`);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  return (await response.text()).split('\n');
}

describe('the example for Prometheus', () => {
  it('exports the number of decisions of all frameworks, by outcome, route, code, environment and build', async () => {
    const scraped = await serveNode(metrics);
    servers.push(scraped);
    for (const start of Object.values(SERVERS)) {
      const server = await start(createBackend());
      servers.push(server);
      const client = new Client(server.origin, await createDevice());
      await client.register();
      const headers = await client.sign('POST', '/orders', '{}');
      expect((await client.post('/orders', '{}', headers)).status).toBe(200);
      expect((await client.post('/orders', '{}', headers)).status).toBe(401);
    }
    const decisions = (labels: string, count: number) => `app_attest_decisions_total{${labels},build="old"} ${count}`;
    await expect
      .poll(() => scrape(scraped.origin))
      .toEqual(
        expect.arrayContaining([
          '# TYPE app_attest_decisions_total counter',
          decisions('outcome="accepted",route="challenge",code="",environment=""', 8),
          decisions('outcome="accepted",route="registration",code="",environment="production"', 4),
          decisions('outcome="accepted",route="protected",code="",environment="production"', 4),
          decisions('outcome="refused",route="protected",code="challenge_used",environment=""', 4),
          '# TYPE app_attest_decision_duration_seconds histogram',
          'app_attest_decision_duration_seconds_count{outcome="accepted",route="protected"} 4',
          'app_attest_decision_duration_seconds_bucket{le="5",outcome="accepted",route="protected"} 4',
        ]),
      );
  });

  it('has only the values old and signing for the label build, regardless of the header x-app-build', async () => {
    const scraped = await serveNode(metrics);
    const server = await SERVERS['app-attest/express']?.(createBackend());
    if (!server) throw new Error('SERVERS has no entry app-attest/express');
    servers.push(scraped, server);
    const client = new Client(server.origin, await createDevice());
    for (const build of ['1199', '1200', '1201', 'x"}']) await client.post('/orders', '{}', { 'x-app-build': build });
    const refused =
      'app_attest_decisions_total{outcome="refused",route="protected",code="assertion_missing",environment=""';
    await expect
      .poll(async () => (await scrape(scraped.origin)).filter((line) => line.startsWith(refused)))
      .toEqual([`${refused},build="old"} 2`, `${refused},build="signing"} 2`]);
  });
});
