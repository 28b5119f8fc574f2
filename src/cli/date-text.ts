const UNITS = [
  ['year', 365 * 24 * 60 * 60],
  ['month', 30 * 24 * 60 * 60],
  ['day', 24 * 60 * 60],
  ['hour', 60 * 60],
  ['minute', 60],
  ['second', 1],
] as const;

const relativeTime = new Intl.RelativeTimeFormat('en', { numeric: 'always' });

/** A date in UTC, and how long it is before or after `now`: `2026-11-02 10:00:00Z, 3 days ago`. */
export function dateText(date: Date, now: Date): string {
  // An invalid date cannot be shown in ISO 8601.
  if (Number.isNaN(date.getTime())) return 'invalid date';
  const text = date
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z');
  const seconds = Math.trunc((date.getTime() - now.getTime()) / 1000);
  // The largest unit of which there are at least two: "45 days" instead of "1 month".
  const [unit, length] = UNITS.find(([, unitLength]) => Math.abs(seconds) >= 2 * unitLength) ?? ['second', 1];
  return `${text}, ${relativeTime.format(Math.trunc(seconds / length), unit)}`;
}
