import { expect, it } from 'vitest';
import { BoundedMemo } from '../src/bounded-memo.js';

it('remembers up to its limit, and forgets the oldest first', () => {
  const memo = new BoundedMemo<number>(3);
  for (const value of [1, 2, 3]) memo.set(`key ${value}`, value);
  expect([1, 2, 3].map((value) => memo.get(`key ${value}`))).toEqual([1, 2, 3]);
  memo.set('key 4', 4);
  expect([1, 2, 3, 4].map((value) => memo.get(`key ${value}`))).toEqual([undefined, 2, 3, 4]);
});
