import { setImmediate } from 'node:timers';
import { expect, it, vi } from 'vitest';
import { Turnstile } from '../../src/runtime/turnstile.js';
import { expectCode } from '../support/rejection.js';

/** Creates tasks that run until the test ends them. */
function work() {
  const started: number[] = [];
  const ends: ((result: Promise<number>) => void)[] = [];
  const start = (number: number) => () => {
    started.push(number);
    return new Promise<number>((resolve) => {
      ends[number] = resolve;
    });
  };
  return { started, ends, start };
}

const turnstileOf = (width: number, { waiting = 100, patience = 60 } = {}) => {
  return new Turnstile({ width, waiting, patience });
};

/** Waits for two iterations of the event loop. A task ends in the first iteration, and the next task starts in the second. */
const turn = async () => {
  for (let count = 0; count < 2; count += 1) await new Promise((resolve) => setImmediate(resolve));
};

it('a turnstile runs a limited number of tasks at the same time, and starts the other tasks in their order of arrival', async () => {
  const { started, ends, start } = work();
  const turnstile = turnstileOf(2);
  const results = [0, 1, 2, 3, 4].map((number) => turnstile.pass(start(number)));
  expect(started).toEqual([0, 1]);
  ends[1]?.(Promise.resolve(10));
  expect(await results[1]).toBe(10);
  await turn();
  expect(started).toEqual([0, 1, 2]);
  for (const number of [0, 2, 3, 4]) {
    ends[number]?.(Promise.resolve(number));
    await turn();
  }
  expect(await Promise.all(results)).toEqual([0, 10, 2, 3, 4]);
});

it('a turnstile runs the next task if a task throws immediately or rejects later', async () => {
  const { started, ends, start } = work();
  const turnstile = turnstileOf(1);
  const failed = turnstile.pass(start(0));
  const thrown = turnstile.pass(() => {
    throw new Error('at once');
  });
  const next = turnstile.pass(start(2));
  ends[0]?.(Promise.reject(new Error('later')));
  await expect(failed).rejects.toThrow('later');
  await expect(thrown).rejects.toThrow('at once');
  await turn();
  expect(started).toEqual([0, 2]);
  ends[2]?.(Promise.resolve(2));
  expect(await next).toBe(2);
  expect(await turnstile.pass(async () => 'free again')).toBe('free again');
});

it('a turnstile lets the event loop run before it starts a waiting task, even if the tasks contain no await', async () => {
  const order: string[] = [];
  const turnstile = turnstileOf(1);
  const passed = ['first', 'second', 'third'].map((name) => turnstile.pass(async () => order.push(name)));
  setImmediate(() => order.push('turn'));
  await Promise.all(passed);
  expect(order).toEqual(['first', 'turn', 'second', 'third']);
});

it('a turnstile is shared while more than one task is running', async () => {
  const { ends, start } = work();
  const turnstile = turnstileOf(8);
  expect(turnstile.isShared).toBe(false);
  const first = turnstile.pass(start(0));
  expect(turnstile.isShared).toBe(false);
  const second = turnstile.pass(start(1));
  expect(turnstile.isShared).toBe(true);
  ends[0]?.(Promise.resolve(0));
  await first;
  expect(turnstile.isShared).toBe(false);
  ends[1]?.(Promise.resolve(1));
  await second;
});

it('a turnstile rejects a task immediately if the queue is full, and accepts tasks again later', async () => {
  const { started, ends, start } = work();
  const turnstile = turnstileOf(1, { waiting: 2 });
  const accepted = [0, 1, 2].map((number) => turnstile.pass(start(number)));
  const error = await expectCode(() => turnstile.pass(start(3)), 'overloaded');
  expect(error).toMatchObject({ retryAfter: 1, message: '2 verifications are already waiting' });
  ends[0]?.(Promise.resolve(0));
  await accepted[0];
  const later = turnstile.pass(start(4));
  for (const number of [1, 2, 4]) {
    await turn();
    ends[number]?.(Promise.resolve(number));
  }
  expect(await Promise.all([...accepted, later])).toEqual([0, 1, 2, 4]);
  expect(started).toEqual([0, 1, 2, 4]);
});

it('a turnstile rejects a task that waited too long, and never starts the task', async () => {
  const { started, ends, start } = work();
  const turnstile = turnstileOf(1, { waiting: 2, patience: 0.02 });
  const first = turnstile.pass(start(0));
  const late = [1, 2].map((number) => expectCode(() => turnstile.pass(start(number)), 'overloaded'));
  const message = 'the verification waited for more than 0.02 seconds';
  for (const error of await Promise.all(late)) expect(error).toMatchObject({ retryAfter: 1, message });
  const next = turnstile.pass(start(3));
  ends[0]?.(Promise.resolve(0));
  expect(await first).toBe(0);
  await turn();
  expect(started).toEqual([0, 3]);
  ends[3]?.(Promise.resolve(3));
  expect(await next).toBe(3);
});

it('a turnstile clears the timer of a waiting task when the task starts', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const turnstile = turnstileOf(1);
  await Promise.all([0, 1, 2].map((number) => turnstile.pass(async () => number)));
  expect(timers()).toBe(before);
});

it('a turnstile rejects a task that waited too long, even if a test uses fake timers', async () => {
  vi.useFakeTimers();
  try {
    const { ends, start } = work();
    const turnstile = turnstileOf(1, { patience: 0.02 });
    const first = turnstile.pass(start(0));
    await expectCode(() => turnstile.pass(start(1)), 'overloaded');
    const second = turnstile.pass(start(2));
    ends[0]?.(Promise.resolve(0));
    await first;
    await turn();
    ends[2]?.(Promise.resolve(2));
    expect(await second).toBe(2);
  } finally {
    vi.useRealTimers();
  }
});
