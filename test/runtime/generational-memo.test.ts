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

it.each([1, 2, 3, 7])('a generational memo with the limit %i never contains more values', (limit) => {
  const memo = new GenerationalMemo<number>(limit);
  const keys = Array.from({ length: 20 }, (_, index) => `key ${index}`);
  for (const [index, key] of keys.entries()) {
    memo.set(key, index);
    expect(memo.get(key)).toBe(index);
  }
  expect(keys.filter((key) => memo.get(key) !== undefined).length).toBeLessThanOrEqual(limit);
});

it.each(['a', 'd'])('a generational memo can delete a value from each of its halves: %s', (key) => {
  const memo = memoOf('a', 'b', 'c', 'd');
  memo.delete(key);
  expect(memo.get(key)).toBeUndefined();
});

it('a generational memo finds a key that was used often at most ten times as slowly as a Map does', () => {
  const map = new Map<string, number>();
  const memo = new GenerationalMemo<number>(10_000);
  for (let key = 0; key < 9000; key += 1) {
    map.set(`key ${key}`, key);
    memo.set(`key ${key}`, key);
  }
  const timeOf = ({ get }: { get(): unknown }): number => {
    const start = performance.now();
    for (let use = 0; use < 50_000; use += 1) get();
    return performance.now() - start;
  };
  const ratios = Array.from({ length: 5 }, () => {
    return timeOf({ get: () => memo.get('key 8999') }) / timeOf({ get: () => map.get('key 8999') });
  });
  expect(Math.min(...ratios)).toBeLessThan(10);
});
