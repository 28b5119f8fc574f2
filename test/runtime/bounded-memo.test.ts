import { expect, it } from 'vitest';
import { BoundedMemo } from '../../src/runtime/bounded-memo.js';

function memoOf(...values: readonly number[]): BoundedMemo<number> {
  const memo = new BoundedMemo<number>(3);
  for (const value of values) memo.set(`key ${value}`, value);
  return memo;
}

const valuesIn = (memo: BoundedMemo<number>) => [1, 2, 3, 4].map((value) => memo.get(`key ${value}`));

it('a bounded memo deletes the oldest value if it would otherwise contain more values than its limit', () => {
  expect(valuesIn(memoOf(1, 2, 3))).toEqual([1, 2, 3, undefined]);
  expect(valuesIn(memoOf(1, 2, 3, 4))).toEqual([undefined, 2, 3, 4]);
});

it('a bounded memo deletes the least recently used value, not the oldest value', () => {
  const memo = memoOf(1, 2, 3);
  expect(memo.get('key 1')).toBe(1);
  memo.set('key 4', 4);
  expect(valuesIn(memo)).toEqual([1, undefined, 3, 4]);
});

it('a bounded memo deletes no value if an existing key is set again, and treats this key as the most recently used key', () => {
  const memo = memoOf(1, 2, 3);
  memo.set('key 1', 10);
  expect(valuesIn(memo)).toEqual([10, 2, 3, undefined]);
  memo.set('key 1', 100);
  memo.set('key 4', 4);
  expect(valuesIn(memo)).toEqual([100, undefined, 3, 4]);
});
