import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { OLDEST_COMPATIBILITY_DATE } from './compatibility-date.js';
import { bundleWorker, startWorker } from './start-worker.js';

const script = await bundleWorker('handlers-worker.ts');
const workers = ['2026-07-01', OLDEST_COMPATIBILITY_DATE].map((date): [string, ReturnType<typeof startWorker>] => {
  return [date, startWorker(script, {}, date)];
});
afterAll(() => Promise.all(workers.map(([, worker]) => worker.dispose())));

describe.each(workers)('the handlers in workerd, with compatibility date %s', (_, worker) => {
  const post = async (path: string, body: string) => {
    const headers = { 'content-type': 'application/json' };
    return fetch(new URL(path, await worker.ready), { method: 'POST', headers, body });
  };
  const requestChallenge = (kind: string) => post(`/${kind}/challenge`, '{"purpose":"assertion"}');
  const decisions = async () => (await fetch(new URL('/decisions', await worker.ready))).json();

  it.each(['hono', 'fetch'])('call onDecision after the response: %s', async (kind) => {
    await decisions();
    expect((await requestChallenge(kind)).status).toBe(200);
    await expect.poll(decisions).toEqual(['challenge: accepted']);
  });

  // If this test fails, docs/http.md no longer has to tell users of Workers to pass waitUntil.
  it('do not call onDecision without waitUntil', async () => {
    await decisions();
    expect((await requestChallenge('not-waiting')).status).toBe(200);
    await setTimeout(300);
    expect(await decisions()).toEqual([]);
  });

  it('respond to simultaneous requests', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => requestChallenge('hono')));
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  });

  it('release the memory of bodies whose connection was lost', async () => {
    const { hostname, port } = await worker.ready;
    for (let round = 0; round < 5; round++) {
      const socket = connect(Number(port), hostname);
      await once(socket, 'connect');
      const head = 'POST /small/registration HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
      socket.write(`${head}content-length: 4000\r\n\r\n${' '.repeat(3000)}`);
      await setTimeout(100);
      socket.destroy();
    }
    await setTimeout(1500);
    const answer = await post('/small/registration', `{"keyId":"${' '.repeat(3000)}"}`);
    expect(await answer.json()).toEqual({ error: 'malformed_attestation' });
  });
});
