import { describe, expect, it } from 'vitest';
import { CallingThread } from '../../src/runtime/calling-thread.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/**
 * The results of several calls at the same time. The result is `'later'` if a call does not return in the same iteration of
 * the event loop.
 */
function resultsThisTurn(thread: CallingThread, pieces: number): Promise<readonly (boolean | 'later')[]> {
  const results = Array.from({ length: pieces }, () => thread.hasTime());
  const later = Promise.resolve().then(() => Promise.resolve('later' as const));
  return Promise.all(results.map((result) => Promise.race([result, later])));
}

describe('the calling thread', () => {
  it('has time for a fixed number of operations in each iteration of the event loop', async () => {
    const thread = new CallingThread(2);
    expect(await resultsThisTurn(thread, 5)).toEqual([true, true, 'later', false, false]);
    await turn();
    // The operation that waited for this iteration counts as an operation of this iteration.
    expect(await resultsThisTurn(thread, 2)).toEqual([true, 'later']);
    await turn();
    await turn();
    expect(await resultsThisTurn(thread, 2)).toEqual([true, true]);
  });

  it('has time for the operation above the limit in the next iteration', async () => {
    const thread = new CallingThread(2);
    const results = [1, 2, 3].map(() => thread.hasTime());
    expect(await results[2]).toBe(true);
  });

  it('resets its count only once in each iteration, regardless of the number of operations in the previous iteration', async () => {
    const thread = new CallingThread(2);
    for (const _ of [1, 2, 3, 4, 5]) thread.hasTime();
    // In the new iteration, the operation that waited has already been counted.
    await turn();
    expect(await resultsThisTurn(thread, 2)).toEqual([true, 'later']);
  });

  it('has time for all operations if each operation starts after the end of the previous operation', async () => {
    const thread = new CallingThread(2);
    for (let piece = 0; piece < 20; piece += 1) expect(await thread.hasTime()).toBe(true);
  });

  it('lets the event loop run if each operation starts after the end of the previous operation', async () => {
    const thread = new CallingThread(2);
    let turns = 0;
    const count = () => {
      turns += 1;
      if (turns < 20) setImmediate(count);
    };
    setImmediate(count);
    for (let piece = 0; piece < 20; piece += 1) await thread.hasTime();
    expect(turns).toBeGreaterThanOrEqual(5);
  });
});
