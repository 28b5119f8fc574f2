/**
 * SQL between `timestamptz` and milliseconds since 1970: numbers mean the same to every client, in every time zone, and
 * whatever a user's type parsers make of dates.
 */
export function fromMilliseconds(parameter: string): string {
  return `to_timestamp(${parameter}::float8 / 1000)`;
}

export function toMilliseconds(column: string): string {
  return `(extract(epoch FROM ${column}) * 1000)::bigint`;
}
