import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import type { Stores } from '../server/stores.js';
import { accepted, atOnce } from './concurrency.js';
import { newKey } from './new-key.js';
import type { Requirement } from './requirement.js';

const MAX_COUNTER = 0xffff_ffff;
const MAX_WINDOW = 64;

/** Inserts a new key. The returned `advance` alternates between the two servers. */
async function counters(one: Stores, other: Stores) {
  const key = newKey();
  await one.keys.insert(key);
  let turn = 0;
  return {
    keyId: key.keyId,
    advance: (counter: number, window: number): Promise<boolean> => {
      turn += 1;
      return (turn % 2 === 0 ? one : other).keys.advance(key.keyId, counter, window);
    },
    highest: async (): Promise<number | undefined> => (await one.keys.find(key.keyId))?.counter,
  };
}

/** Computes the expected results directly from the definition of a counter window. Stores use faster algorithms. */
class Definition {
  readonly #accepted = new Set<number>();
  highest = 0;

  advance(counter: number, window: number): boolean {
    const isHigher = counter > this.highest;
    const isInside = window > 0 && counter >= 1 && counter >= this.highest - window;
    if (this.#accepted.has(counter) || !(isHigher || isInside)) return false;
    this.#accepted.add(counter);
    this.highest = Math.max(this.highest, counter);
    return true;
  }
}

/** A sequence of calls: counter, window, expected result. */
type Calls = readonly (readonly [counter: number, window: number, answer: boolean])[];

const SEQUENCES: readonly (readonly [string, Calls])[] = [
  [
    'without a window, a counter must be higher than all counters that were accepted before',
    [
      [0, 0, false],
      [1, 0, true],
      [1, 0, false],
      [5, 0, true],
      [5, 0, false],
      [4, 0, false],
      [0, 0, false],
      [6, 0, true],
    ],
  ],
  [
    'counters are unsigned numbers up to 2^32 - 1',
    [
      [0x7fff_ffff, 0, true],
      [0x8000_0000, 0, true],
      [MAX_COUNTER, 0, true],
      [MAX_COUNTER, 64, false],
      [MAX_COUNTER - 1, 64, true],
      [MAX_COUNTER - 64, 64, true],
      [MAX_COUNTER - 65, 64, false],
      [0x8000_0000, 64, false],
    ],
  ],
  [
    'a counter may be higher than the previous counter by any number',
    [
      [MAX_COUNTER, 64, true],
      [1, 64, false],
      [MAX_COUNTER - 64, 64, true],
    ],
  ],
  [
    'a counter inside the window is accepted once, and a counter below the window is never accepted',
    [
      [100, 64, true],
      [36, 64, true],
      [36, 64, false],
      [35, 64, false],
      [99, 64, true],
      [99, 64, false],
      [100, 64, false],
      [101, 64, true],
      [37, 64, true],
      [36, 64, false],
      [100, 64, false],
    ],
  ],
  [
    'the counter 0 is never accepted, even inside the window',
    [
      [3, 64, true],
      [0, 64, false],
      [1, 64, true],
      [2, 64, true],
      [1, 64, false],
    ],
  ],
  [
    'a counter below a narrow window is not accepted',
    [
      [10, 2, true],
      [7, 2, false],
      [8, 2, true],
      [9, 1, true],
      [11, 2, true],
      [9, 2, false],
    ],
  ],
  [
    'after the window is widened, counters that were accepted before are still rejected',
    [
      [1, 0, true],
      [2, 0, true],
      [10, 0, true],
      [11, 3, true],
      [1, 64, false],
      [2, 64, false],
      [10, 64, false],
      [9, 64, true],
    ],
  ],
  [
    'after a much higher counter is accepted, each counter inside the new window is accepted once',
    [
      [10, 64, true],
      [9, 64, true],
      [74, 64, true],
      [10, 64, false],
      [9, 64, false],
      [11, 64, true],
      [200, 64, true],
      [136, 64, true],
      [135, 64, false],
      [2000, 64, true],
      [1999, 64, true],
      [1936, 64, true],
      [200, 64, false],
    ],
  ],
];

export const COUNTER_CASES: readonly Requirement[] = [
  ...SEQUENCES.map(([name, calls]) => ({
    name,
    check: async (one: Stores, other: Stores) => {
      const { advance, highest } = await counters(one, other);
      let reached = 0;
      for (const [counter, window, answer] of calls) {
        assert.equal(await advance(counter, window), answer, `counter ${counter}, window ${window}`);
        if (answer) reached = Math.max(reached, counter);
        assert.equal(await highest(), reached);
      }
    },
  })),
  {
    name: 'a counter of a key that does not exist is not accepted',
    async check(one) {
      const { keyId } = newKey();
      assert.equal(await one.keys.advance(keyId, 1, 0), false);
      assert.equal(await one.keys.advance(keyId, 1, 64), false);
      assert.ok(!(await one.keys.find(keyId)));
    },
  },
  {
    name: 'if a key is inserted with a counter, this counter and all lower counters are rejected',
    async check(one, other) {
      const key = newKey({ counter: 20 });
      await one.keys.insert(key);
      assert.equal((await other.keys.find(key.keyId))?.counter, 20);
      for (const counter of [0, 1, 19, 20]) assert.equal(await other.keys.advance(key.keyId, counter, 64), false);
      assert.equal(await one.keys.advance(key.keyId, 22, 64), true);
      for (const counter of [19, 20]) assert.equal(await other.keys.advance(key.keyId, counter, 64), false);
      assert.equal(await one.keys.advance(key.keyId, 21, 64), true);
    },
  },
  {
    name: 'three hundred random counters are accepted or rejected according to the definition of the window',
    async check(one, other) {
      const { advance, highest } = await counters(one, other);
      const definition = new Definition();
      for (let step = 0; step < 300; step += 1) {
        const reach = randomInt(10) === 0 ? 200 : 70;
        const counter = Math.max(0, definition.highest + randomInt(reach) - Math.floor(reach / 1.1));
        const window = randomInt(3) === 0 ? randomInt(MAX_WINDOW + 1) : MAX_WINDOW;
        const expected = definition.advance(counter, window);
        assert.equal(await advance(counter, window), expected, `step ${step}: counter ${counter}, window ${window}`);
      }
      assert.equal(await highest(), definition.highest);
    },
  },
  {
    name: 'a counter that is sent many times concurrently is accepted once, with and without a window',
    async check(one, other) {
      const { keyId } = await counters(one, other);
      for (const [counter, window] of [
        [1, 0],
        [2, 64],
        [10, 64],
        [5, 64],
        [20, 0],
      ] as const) {
        const results = await atOnce(one, other, ({ keys }) => keys.advance(keyId, counter, window));
        assert.equal(accepted(results), 1, `counter ${counter}, window ${window}`);
      }
    },
  },
  {
    name: 'without a window, the highest of many concurrent counters is accepted, and none of the counters is accepted later',
    async check(one, other) {
      const { keyId, advance, highest } = await counters(one, other);
      const presented = shuffled(50);
      const results = await Promise.all(
        presented.map((counter, index) => (index % 2 === 0 ? one : other).keys.advance(keyId, counter, 0)),
      );
      assert.equal(results[presented.indexOf(50)], true);
      assert.equal(await highest(), 50);
      for (const counter of presented) assert.equal(await advance(counter, 0), false);
    },
  },
  {
    name: 'inside a window, each of many concurrent counters is accepted once',
    async check(one, other) {
      const { keyId, highest } = await counters(one, other);
      const presented = [...shuffled(60), ...shuffled(60), ...shuffled(60)];
      const results = await Promise.all(
        presented.map((counter, index) => (index % 2 === 0 ? one : other).keys.advance(keyId, counter, MAX_WINDOW)),
      );
      for (let counter = 1; counter <= 60; counter += 1) {
        const ofCounter = results.filter((_, index) => presented[index] === counter);
        assert.equal(accepted(ofCounter), 1, `counter ${counter}`);
      }
      assert.equal(await highest(), 60);
    },
  },
];

/** Returns the numbers from 1 to `count` in random order. */
function shuffled(count: number): number[] {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  for (let index = count - 1; index > 0; index -= 1) {
    const other = randomInt(index + 1);
    const [a, b] = [numbers[index], numbers[other]];
    if (a !== undefined && b !== undefined) [numbers[index], numbers[other]] = [b, a];
  }
  return numbers;
}
