/**
 * The maximum number of expired challenges that one cleaning deletes. It is more than 64, so that challenges are deleted faster
 * than they are stored.
 */
export const CLEANING_BATCH = 256;

/**
 * Whether a store deletes a batch of expired challenges after it has stored this challenge. This is true for one in 64 challenges on
 * average, because the first letter of a challenge is random.
 */
export function startsCleaning(challenge: string): boolean {
  return challenge.startsWith('A');
}
