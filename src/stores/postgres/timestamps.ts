/**
 * Returns SQL that converts milliseconds since 1970 to `timestamptz`. The stores exchange times as numbers, because numbers
 * do not depend on the time zone or on the type parsers of the client.
 */
export function fromMilliseconds(parameter: string): string {
  return `to_timestamp(${parameter}::float8 / 1000)`;
}

/** Returns SQL that converts `timestamptz` to milliseconds since 1970. */
export function toMilliseconds(column: string): string {
  return `(extract(epoch FROM ${column}) * 1000)::bigint`;
}
