import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { sideBySide } from '../../src/runtime/side-by-side.js';

const after = async (milliseconds: number, error: Error): Promise<never> => {
  await setTimeout(milliseconds);
  throw error;
};

it('sideBySide returns the results of both operations in order', async () => {
  expect(await sideBySide(setTimeout(2, 'first'), () => setTimeout(1, 'second'))).toEqual(['first', 'second']);
});

it('sideBySide throws the error of the first operation, even if the second operation fails earlier', async () => {
  const [first, second] = [new Error('first'), new Error('second')];
  await expect(sideBySide(after(5, first), () => after(0, second))).rejects.toBe(first);
  await expect(sideBySide(after(0, first), () => after(5, second))).rejects.toBe(first);
  await expect(sideBySide(Promise.resolve(), () => after(0, second))).rejects.toBe(second);
});

it('sideBySide leaves no unhandled rejection if both operations fail', async () => {
  const unhandled: unknown[] = [];
  const listen = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', listen);
  try {
    await expect(sideBySide(after(0, new Error('first')), () => after(5, new Error('second')))).rejects.toThrow(
      'first',
    );
    const throwing = (): never => {
      throw new Error('not a promise');
    };
    await expect(sideBySide(after(5, new Error('first')), throwing)).rejects.toThrow('first');
    await expect(sideBySide(Promise.resolve(), throwing)).rejects.toThrow('not a promise');
    await setTimeout(20);
    expect(unhandled).toEqual([]);
  } finally {
    process.off('unhandledRejection', listen);
  }
});
