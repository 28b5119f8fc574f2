import { expect, it } from 'vitest';
import { AppAttestError } from '../../src/index.js';
import type { AppAttest } from '../../src/server/index.js';
import { backendWithDevice, createBackend, createDevice, registration } from '../support/backend.js';
import { Random } from '../support/random.js';

const COPIES = 200;
const random = new Random();

/** Counts how many calls were accepted, and how many failed with each error code. */
function tally(outcomes: readonly PromiseSettledResult<unknown>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) {
    const answer = outcome.status === 'fulfilled' ? 'accepted' : codeOf(outcome.reason);
    counts[answer] = (counts[answer] ?? 0) + 1;
  }
  return counts;
}

function codeOf(reason: unknown): string {
  if (reason instanceof AppAttestError) return reason.code;
  throw reason;
}

const copies = (attempt: () => Promise<unknown>) => Promise.allSettled(Array.from({ length: COPIES }, attempt));

it('the server accepts only one of 200 copies of a registration', async () => {
  const backend = createBackend();
  const body = await registration(backend, await createDevice());
  expect(tally(await copies(() => backend.register(body)))).toEqual({ accepted: 1, challenge_used: COPIES - 1 });
});

it('the server accepts only one of 200 copies of a request', async () => {
  const { backend, request } = await backendWithDevice({ counterWindow: 64 });
  const body = await request();
  expect(tally(await copies(() => backend.authenticate(body)))).toEqual({ accepted: 1, challenge_used: COPIES - 1 });
});

async function signedRequests(count: number, counterWindow: number) {
  const { backend, request, keyId } = await backendWithDevice({ counterWindow });
  const bodies = [];
  for (let counter = 1; counter <= count; counter += 1) bodies.push({ counter, body: await request() });
  return { backend, bodies, keyId };
}

/** Sends requests one after another. Returns the counters of the accepted requests, in the order in which they were sent. */
async function send(backend: AppAttest, bodies: readonly { counter: number; body: unknown }[]): Promise<number[]> {
  const accepted: number[] = [];
  for (const { counter, body } of bodies) {
    await backend.authenticate(body).then(
      () => accepted.push(counter),
      (reason: unknown) => expect(codeOf(reason)).toBe('counter_not_increased'),
    );
  }
  return accepted;
}

it(`without a window, the server accepts each of 1 000 requests only if its counter is higher than all earlier counters (SEED=${random.seed})`, async () => {
  const { backend, bodies, keyId } = await signedRequests(1000, 0);
  const order = random.displaced(bodies, 1000);
  const accepted = await send(backend, order);
  const counters = order.map(({ counter }) => counter);
  expect(accepted).toEqual(counters.filter((counter, index) => counter > Math.max(0, ...counters.slice(0, index))));
  expect((await backend.key(keyId))?.counter).toBe(1000);
});

it(`with a window of 64, the server accepts each of 1 000 requests that arrive out of order inside the window (SEED=${random.seed})`, async () => {
  const { backend, bodies, keyId } = await signedRequests(1000, 64);
  const order = random.displaced(bodies, 64);
  expect(order.map(({ counter }) => counter)).not.toEqual(bodies.map(({ counter }) => counter));
  const accepted = await send(backend, order);
  expect(accepted.toSorted((a, b) => a - b)).toEqual(bodies.map(({ counter }) => counter));
  expect((await backend.key(keyId))?.counter).toBe(1000);
});
