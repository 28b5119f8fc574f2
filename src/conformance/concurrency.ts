import type { Stores } from '../server/stores.js';

const COPIES = 50;

/** The same call many times at the same moment, half of them on each server. */
export function atOnce<Result>(
  one: Stores,
  other: Stores,
  call: (stores: Stores) => Promise<Result>,
): Promise<Result[]> {
  return Promise.all(Array.from({ length: COPIES }, (_, index) => call(index % 2 === 0 ? one : other)));
}

/** How many of the calls were answered with yes. */
export function accepted(results: readonly boolean[]): number {
  return results.filter((result) => result === true).length;
}

/** The text with one letter in the other case. */
export function otherCase(text: string): string {
  return text.replace(/[a-z]/i, (letter) => {
    const upper = letter.toUpperCase();
    return letter === upper ? letter.toLowerCase() : upper;
  });
}
