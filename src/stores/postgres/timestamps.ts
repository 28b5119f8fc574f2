/**
 * SQL that converts between `timestamptz` and milliseconds since 1970. Numbers mean the same in every client and time
 * zone, and do not depend on the type parsers of the connection.
 */
export function fromMilliseconds(parameter: string): string {
  return `to_timestamp(${parameter}::float8 / 1000)`;
}

export function toMilliseconds(column: string): string {
  return `(extract(epoch FROM ${column}) * 1000)::bigint`;
}
