import { expect, it } from 'vitest';
import { Rounds } from '../src/rounds.js';

/** Work that goes on until it is told to end. */
function work() {
  const started: string[] = [];
  const ends: ((result: Promise<number>) => void)[] = [];
  const start = (number: number) => (isLast: boolean) => {
    started.push(isLast ? `${number} here` : `${number} in the pool`);
    return new Promise<number>((resolve) => {
      ends[number] = resolve;
    });
  };
  return { started, ends, start };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Enough for the last of a round to have begun, and its turn to have ended. */
async function turns(): Promise<void> {
  for (let count = 0; count < 4; count += 1) await turn();
}

it('does what comes alone at once, on the calling thread', async () => {
  const { started, ends, start } = work();
  const rounds = new Rounds(2);
  const result = rounds.pass(start(0));
  await Promise.resolve();
  expect(started).toEqual(['0 here']);
  ends[0]?.(Promise.resolve(7));
  expect(await result).toBe(7);
});

it('does so many at a time, the last on the calling thread, and the next when all are done', async () => {
  const { started, ends, start } = work();
  const rounds = new Rounds(3);
  const results = [0, 1, 2, 3, 4, 5].map((number) => rounds.pass(start(number)));
  await turns();
  expect(started).toEqual(['0 here']);
  ends[0]?.(Promise.resolve(0));
  await turns();
  const second = ['1 in the pool', '2 in the pool', '3 here'];
  expect(started.slice(1)).toEqual(second);
  ends[3]?.(Promise.resolve(3));
  ends[1]?.(Promise.resolve(1));
  await turns();
  expect(started.slice(1)).toEqual(second);
  ends[2]?.(Promise.resolve(2));
  await turns();
  expect(started.slice(4)).toEqual(['4 in the pool', '5 here']);
  for (const number of [4, 5]) ends[number]?.(Promise.resolve(number));
  expect(await Promise.all(results)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(await rounds.pass(async (isLast) => isLast)).toBe(true);
});

it('gives the pool its work a turn before the calling thread begins', async () => {
  const { started, ends, start } = work();
  const rounds = new Rounds(2);
  for (const number of [0, 1, 2]) rounds.pass(start(number));
  await turns();
  ends[0]?.(Promise.resolve(0));
  await turn();
  expect(started.slice(1)).toEqual(['1 in the pool']);
  await turn();
  expect(started.slice(1)).toEqual(['1 in the pool', '2 here']);
  for (const number of [1, 2]) ends[number]?.(Promise.resolve(number));
  await turns();
});

it('begins the next round when work fails, at once or later', async () => {
  const { started, ends, start } = work();
  const rounds = new Rounds(1);
  const failed = rounds.pass(start(0));
  const thrown = rounds.pass(() => {
    throw new Error('at once');
  });
  const next = rounds.pass(start(2));
  await turns();
  ends[0]?.(Promise.reject(new Error('later')));
  await expect(failed).rejects.toThrow('later');
  await expect(thrown).rejects.toThrow('at once');
  await turns();
  expect(started).toEqual(['0 here', '2 here']);
  ends[2]?.(Promise.resolve(2));
  expect(await next).toBe(2);
});

it.each([1, 2])('lets the event loop come round between two on the calling thread, in rounds of %i', async (width) => {
  const rounds = new Rounds(width);
  let begun = 0;
  const begunInTurn: number[] = [];
  const watch = () => {
    begunInTurn.push(begun);
    begun = 0;
    if (begunInTurn.length < 60) setImmediate(watch);
  };
  setImmediate(watch);
  const lane = async () => {
    for (let count = 0; count < 10; count += 1) {
      await rounds.pass(async (isLast) => {
        if (isLast) begun += 1;
      });
    }
  };
  await Promise.all([lane(), lane(), lane()]);
  while (begunInTurn.length < 60) await turn();
  expect(Math.max(...begunInTurn)).toBe(1);
  expect(begunInTurn.reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(10);
});

it('lets nothing wait where there are no processors to share', async () => {
  const { started, ends, start } = work();
  const rounds = new Rounds(0);
  const results = [0, 1].map((number) => rounds.pass(start(number)));
  expect(started).toEqual(['0 in the pool', '1 in the pool']);
  for (const number of [0, 1]) ends[number]?.(Promise.resolve(number));
  expect(await Promise.all(results)).toEqual([0, 1]);
});
