export const DAY = 24 * 60 * 60 * 1000;
export const YEAR = 365 * DAY;

/** The date `milliseconds` later; earlier if negative. */
export function later(date: Date, milliseconds: number): Date {
  return new Date(date.getTime() + milliseconds);
}
