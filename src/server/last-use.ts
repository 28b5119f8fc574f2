/** How precisely the last use of a key is kept, in milliseconds: an hour. Most requests therefore do not change it. */
export const LAST_USE_PRECISION = 60 * 60 * 1000;

/** The date of the last use after another use: the new date if it is at least {@link LAST_USE_PRECISION} later. */
export function lastUse(lastUsedAt: Date | null | undefined, usedAt: Date): Date {
  const isRecent = lastUsedAt && usedAt.getTime() - lastUsedAt.getTime() < LAST_USE_PRECISION;
  return isRecent ? lastUsedAt : usedAt;
}
