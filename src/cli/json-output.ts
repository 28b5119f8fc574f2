import { isBytes } from '../encoding/bytes.js';
import type { OutputStream } from './command-process.js';
import { printable } from './printable.js';

/** Writes a value as JSON. Bytes become base64, and dates become ISO 8601. */
export function writeJson(stream: OutputStream, value: unknown): void {
  const text = JSON.stringify(asJson(value), undefined, 2);
  // The text is split into lines, so that `printable` keeps the line breaks. All other unprintable characters are in
  // JSON strings, where \u escapes are allowed.
  stream.write(`${text.split('\n').map(printable).join('\n')}\n`);
}

function asJson(value: unknown): unknown {
  if (isBytes(value)) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, asJson(entry)]));
}
