export const DAY = 24 * 60 * 60 * 1000;
export const YEAR = 365 * DAY;

/** That moment, or an earlier one where `milliseconds` is negative. */
export function later(date: Date, milliseconds: number): Date {
  return new Date(date.getTime() + milliseconds);
}
