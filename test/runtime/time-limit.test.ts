import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { abortAfterTimeLimit, readTimeLimit, withinTimeLimit } from '../../src/runtime/time-limit.js';
import { expectCode } from '../support/rejection.js';

/** The longest time of a timer, in whole seconds. The exact limit is 2^31 - 1 milliseconds. */
const LONGEST = 2_147_483;

describe('a time limit', () => {
  it.each([0.001, 1, LONGEST])('may be %d seconds', (seconds) => {
    expect(readTimeLimit('timeout', seconds)).toBe(seconds);
  });

  it.each([0, -1, LONGEST + 1, 3_000_000, Number.NaN, Number.POSITIVE_INFINITY, '5', null, undefined])(
    'must not be %o',
    async (seconds) => {
      const error = await expectCode(() => readTimeLimit('timeout', seconds), 'invalid_argument');
      const { message } = error;
      expect(message).toMatch(/^timeout must be a number of seconds, greater than 0 and at most 2147483, not /);
    },
  );
});

describe('an operation with a time limit', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const never = () => new Promise<never>(() => undefined);

  it.each([0.3, 5, LONGEST])('fails after %d seconds and not earlier', async (seconds) => {
    const outcomes: string[] = [];
    const record = (name: string) => (error: Error) => outcomes.push(`${name}: ${error.message}`);
    withinTimeLimit(seconds, 'the store', never()).catch(record('limited'));
    abortAfterTimeLimit(seconds, undefined, never).catch(record('aborted'));
    await vi.advanceTimersByTimeAsync(seconds * 1000 - 1);
    expect(outcomes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(outcomes.toSorted()).toEqual([
      'aborted: no response in time',
      `limited: the store did not respond within ${seconds} seconds`,
    ]);
  });

  it('leaves no timer if it finishes in time', async () => {
    expect(await withinTimeLimit(5, 'the store', Promise.resolve(1))).toBe(1);
    expect(await abortAfterTimeLimit(5, undefined, async () => 2)).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
  });
});
