import type { Stores } from '../server/stores.js';

const COPIES = 200;

/** Makes the same call two hundred times concurrently, half of the calls on each server. */
export function atOnce<Result>(
  one: Stores,
  other: Stores,
  call: (stores: Stores) => Promise<Result>,
): Promise<Result[]> {
  return Promise.all(Array.from({ length: COPIES }, (_, index) => call(index % 2 === 0 ? one : other)));
}

/** Counts the results that are `true`. */
export function accepted(results: readonly boolean[]): number {
  return results.filter((result) => result === true).length;
}

/** Changes the case of the first letter of a text: upper case becomes lower case, and lower case becomes upper case. */
export function otherCase(text: string): string {
  return text.replace(/[a-z]/i, (letter) => {
    const upper = letter.toUpperCase();
    return letter === upper ? letter.toLowerCase() : upper;
  });
}
