import { expect, it } from 'vitest';
import { GenerationalMemo } from '../../src/runtime/generational-memo.js';

function memoOf(...keys: readonly string[]): GenerationalMemo<string> {
  const memo = new GenerationalMemo<string>(4);
  for (const key of keys) memo.set(key, `value of ${key}`);
  return memo;
}

const keysIn = (memo: GenerationalMemo<string>, keys = 'abcdefg') => [...keys].filter((key) => memo.get(key));

it('a generational memo keeps as many values as its limit, and deletes the values that were not used', () => {
  for (const key of 'abcd') expect(keysIn(memoOf('a', 'b', 'c', 'd'), key)).toEqual([key]);
  expect(keysIn(memoOf('a', 'b', 'c', 'd', 'e'))).toEqual(['c', 'd', 'e']);
});

it('a generational memo keeps a value that is used again', () => {
  const memo = memoOf('a', 'b', 'c');
  expect(memo.get('a')).toBe('value of a');
  memo.set('d', '');
  memo.set('e', '');
  expect(memo.get('a')).toBe('value of a');
  expect(memo.get('b')).toBeUndefined();
});

it('a generational memo deletes nothing if a recent key is set again', () => {
  const memo = memoOf('a', 'b', 'c', 'd');
  memo.set('d', 'another value');
  expect(memo.get('d')).toBe('another value');
  expect(memo.get('a')).toBe('value of a');
});

it('a generational memo finds a key as fast after many uses as after one', () => {
  const memo = new GenerationalMemo<number>(10_000);
  for (let key = 0; key < 9000; key += 1) memo.set(`key ${key}`, key);
  const start = performance.now();
  for (let use = 0; use < 50_000; use += 1) memo.get('key 8999');
  // A Map from which the key is deleted and inserted again takes seconds.
  expect(performance.now() - start).toBeLessThan(1000);
});
