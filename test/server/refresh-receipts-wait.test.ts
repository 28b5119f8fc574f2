import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type DueReceipts, dueReceipts } from '../support/due-receipts.js';

const waits = vi.hoisted((): number[] => []);
vi.mock('node:timers/promises', () => ({
  setTimeout: async (milliseconds: number) => {
    waits.push(milliseconds);
  },
}));

let due: DueReceipts;
beforeEach(async () => {
  due = await dueReceipts(4);
  waits.length = 0;
});
afterEach(() => due.close());

const refresh = () => due.backend.refreshReceipts({ ...due.options, concurrency: 1 });

it('a run waits for one minute after 429 without Retry-After', async () => {
  due.endpoint.answerNext({ status: 429 });
  expect(await refresh()).toMatchObject({ refreshed: 3, failed: 1 });
  expect(waits).toEqual([60_000]);
});

it('a run does not wait after other failures without Retry-After', async () => {
  for (const status of [404, 500, 503]) due.endpoint.answerNext({ status });
  expect(await refresh()).toMatchObject({ refreshed: 1, failed: 3 });
  expect(waits).toEqual([]);
});

it('a run waits for the longest Retry-After of simultaneous requests', async () => {
  for (const retryAfter of [5, 20, 10]) due.endpoint.answerNext({ status: 429, retryAfter });
  expect(await due.backend.refreshReceipts({ ...due.options, concurrency: 3 })).toMatchObject({ failed: 3 });
  expect(waits).toEqual([20_000]);
});

it('a run waits for at most ten minutes in total, and ends instead of a longer wait', async () => {
  for (const retryAfter of [200, 400, 1]) due.endpoint.answerNext({ status: 429, retryAfter });
  expect(await refresh()).toEqual({ due: 3, refreshed: 0, notModified: 0, failed: 3 });
  expect(waits).toEqual([200_000, 400_000]);
  expect(due.endpoint.requests.length).toBe(3);
});
