import { describe, expect, it } from 'vitest';
import { CallingThread } from '../../src/runtime/calling-thread.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** The results of several calls at the same time, with `'later'` for each result that does not arrive in the same turn. */
function resultsThisTurn(thread: CallingThread, pieces: number): Promise<readonly (boolean | 'later')[]> {
  const results = Array.from({ length: pieces }, () => thread.hasTime());
  const later = Promise.resolve().then(() => Promise.resolve('later' as const));
  return Promise.all(results.map((result) => Promise.race([result, later])));
}

describe('the calling thread', () => {
  it('has time for a fixed number of operations in a turn, and for more in the next turn', async () => {
    const thread = new CallingThread(2);
    expect(await resultsThisTurn(thread, 5)).toEqual([true, true, 'later', false, false]);
    await turn();
    // The operation that waited counts in its new turn.
    expect(await resultsThisTurn(thread, 2)).toEqual([true, 'later']);
    await turn();
    await turn();
    expect(await resultsThisTurn(thread, 2)).toEqual([true, true]);
  });

  it('has time for the operation that waited for the next turn', async () => {
    const thread = new CallingThread(2);
    const results = [1, 2, 3].map(() => thread.hasTime());
    expect(await results[2]).toBe(true);
  });

  it('starts a turn once, regardless of the operations in the previous turn', async () => {
    const thread = new CallingThread(2);
    for (const _ of [1, 2, 3, 4, 5]) thread.hasTime();
    // The operation that waited ran in the next turn, before this code.
    await turn();
    expect(await resultsThisTurn(thread, 2)).toEqual([true, 'later']);
  });

  it('has time for all operations that come one by one', async () => {
    const thread = new CallingThread(2);
    for (let piece = 0; piece < 20; piece += 1) expect(await thread.hasTime()).toBe(true);
  });

  it('lets the event loop run while operations come one by one', async () => {
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
