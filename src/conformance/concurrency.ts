import type { Stores } from '../server/stores.js';

const COPIES = 200;

/** Makes the same call many times concurrently, half of them on each server. */
export function atOnce<Result>(
  one: Stores,
  other: Stores,
  call: (stores: Stores) => Promise<Result>,
): Promise<Result[]> {
  return Promise.all(Array.from({ length: COPIES }, (_, index) => call(index % 2 === 0 ? one : other)));
}

/** How many of the calls returned `true`. */
export function accepted(results: readonly boolean[]): number {
  return results.filter((result) => result === true).length;
}

/** The text with the case of its first letter swapped. */
export function otherCase(text: string): string {
  return text.replace(/[a-z]/i, (letter) => {
    const upper = letter.toUpperCase();
    return letter === upper ? letter.toLowerCase() : upper;
  });
}
