export const DAY = 24 * 60 * 60 * 1000;
export const YEAR = 365 * DAY;

/** Returns the date that is `milliseconds` later. If `milliseconds` is negative, the returned date is earlier. */
export function later(date: Date, milliseconds: number): Date {
  return new Date(date.getTime() + milliseconds);
}
