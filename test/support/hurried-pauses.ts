import { vi } from 'vitest';

/**
 * Makes timers below ten seconds faster, by default twenty times as fast: the pauses of the client, and a `timeout` below ten
 * seconds. The time limits of the server do not change. `vi.unstubAllGlobals()` ends this. Returns the durations that were asked for, in milliseconds.
 */
export function hurryPauses(times = 20): readonly number[] {
  const durations: number[] = [];
  const { setTimeout } = globalThis;
  vi.stubGlobal('setTimeout', (run: () => void, milliseconds: number, ...rest: []) => {
    const isHurried = milliseconds < 10_000;
    if (isHurried) durations.push(milliseconds);
    return setTimeout(run, isHurried ? milliseconds / times : milliseconds, ...rest);
  });
  return durations;
}
