import { describe, expect, it } from 'vitest';
import { CallingThread } from '../../src/runtime/calling-thread.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the calling thread', () => {
  it('has time for so many pieces a turn, and for one more in the next', async () => {
    const thread = new CallingThread(2);
    const answers = [1, 2, 3, 4, 5].map(() => thread.hasTime());
    expect(answers).toEqual([true, true, expect.any(Promise), false, false]);
    expect(await answers[2]).toBe(true);
    // What waited counts in its new turn.
    expect([1, 2].map(() => thread.hasTime())).toEqual([true, expect.any(Promise)]);
    await turn();
    await turn();
    expect([1, 2].map(() => thread.hasTime())).toEqual([true, true]);
  });

  it('begins a turn once, however many pieces the one before had', async () => {
    const thread = new CallingThread(2);
    for (const _ of [1, 2, 3, 4, 5]) thread.hasTime();
    // In the next turn, behind the piece that waited for it.
    await turn();
    expect([1, 2].map(() => thread.hasTime())).toEqual([true, expect.any(Promise)]);
  });

  it('has time for everything that comes one by one', async () => {
    const thread = new CallingThread(2);
    for (let piece = 0; piece < 20; piece += 1) expect(await thread.hasTime()).toBe(true);
  });

  it('lets the event loop come round while everything comes one by one', async () => {
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
