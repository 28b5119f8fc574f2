/**
 * The precision of the stored time of the last use: an hour, in milliseconds. Most requests therefore do not change this time.
 */
export const LAST_USE_PRECISION = 60 * 60 * 1000;

/**
 * Returns the time to store after a new use: the new time if there is no stored time, or if the new time is at least
 * `LAST_USE_PRECISION` later. Otherwise, returns the stored time.
 */
export function lastUse(lastUsedAt: Date | null | undefined, usedAt: Date): Date {
  const isRecent = lastUsedAt && usedAt.getTime() - lastUsedAt.getTime() < LAST_USE_PRECISION;
  return isRecent ? lastUsedAt : usedAt;
}
