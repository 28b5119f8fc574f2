import { describe, expect, it } from 'vitest';
import { Rounds } from '../src/rounds.js';

/** Work that takes no time on the calling thread, and in the pool as long as it is told to. */
function work() {
  const started: string[] = [];
  const ends: ((result: Promise<number>) => void)[] = [];
  const start = (number: number) => (isHere: boolean) => {
    started.push(isHere ? `${number} here` : `${number} in the pool`);
    if (isHere) return number;
    return new Promise<number>((resolve) => {
      ends[number] = resolve;
    });
  };
  return { started, ends, start };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('rounds', () => {
  it('have what comes alone done by the calling thread, when the event loop has come round', async () => {
    const { started, start } = work();
    const result = new Rounds(2).pass(start(7));
    await Promise.resolve();
    expect(started).toEqual([]);
    await turn();
    expect(started).toEqual(['7 here']);
    expect(await result).toBe(7);
  });

  it('have so many done at a time, the last by the calling thread, and the next when all are done', async () => {
    const { started, ends, start } = work();
    const rounds = new Rounds(3);
    const results = [0, 1, 2, 3, 4].map((number) => rounds.pass(start(number)));
    await turn();
    const first = ['0 in the pool', '1 in the pool', '2 here'];
    expect(started).toEqual(first);
    ends[0]?.(Promise.resolve(0));
    await turn();
    await turn();
    expect(started).toEqual(first);
    ends[1]?.(Promise.resolve(1));
    await results[1];
    await turn();
    expect(started.slice(3)).toEqual(['3 in the pool', '4 here']);
    ends[3]?.(Promise.resolve(3));
    expect(await Promise.all(results)).toEqual([0, 1, 2, 3, 4]);
    expect(await rounds.pass((isHere) => isHere)).toBe(true);
  });

  it('go on when work fails, at once or later', async () => {
    const { started, ends, start } = work();
    const rounds = new Rounds(2);
    const fail = () => {
      throw new Error('at once');
    };
    const results = [fail, fail, start(2), start(3), start(4)].map((piece) => rounds.pass<number>(piece));
    for (const failed of results.slice(0, 2)) await expect(failed).rejects.toThrow('at once');
    await turn();
    ends[2]?.(Promise.reject(new Error('later')));
    await expect(results[2]).rejects.toThrow('later');
    expect(await Promise.all(results.slice(3))).toEqual([3, 4]);
    expect(started).toEqual(['2 in the pool', '3 here', '4 here']);
  });

  it('let the event loop come round before each piece that the calling thread does', async () => {
    const rounds = new Rounds(2);
    let done = 0;
    const doneInTurn: number[] = [];
    const watch = () => {
      doneInTurn.push(done);
      done = 0;
      if (doneInTurn.length < 60) setImmediate(watch);
    };
    setImmediate(watch);
    const lane = async () => {
      for (let count = 0; count < 10; count += 1) {
        await rounds.pass((isHere) => {
          if (isHere) done += 1;
        });
      }
    };
    await Promise.all([lane(), lane(), lane()]);
    while (doneInTurn.length < 60) await turn();
    expect(Math.max(...doneInTurn)).toBe(1);
    expect(doneInTurn.reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(10);
  });

  it.each([0, 1])('of %i have nothing wait, and nothing done by the calling thread', async (width) => {
    const { started, ends, start } = work();
    const rounds = new Rounds(width);
    const results = [0, 1].map((number) => rounds.pass(start(number)));
    expect(started).toEqual(['0 in the pool', '1 in the pool']);
    for (const number of [0, 1]) ends[number]?.(Promise.resolve(number));
    expect(await Promise.all(results)).toEqual([0, 1]);
  });
});
