import { isUtf8 as isAnyUtf8 } from 'node:buffer';
import { asBuffer } from './bytes.js';

/**
 * Whether the bytes from `start` to `end` are valid UTF-8. Nearly all text in evidence is ASCII. For ASCII, the loop is
 * sufficient, so Node's function is not called.
 */
export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  for (let index = start; index < end; index += 1) {
    if ((bytes[index] ?? 0) > 0x7f) return isAnyUtf8(bytes.subarray(index, end));
  }
  return true;
}

/** Decodes UTF-8. A byte order mark is kept. Returns `undefined` if the bytes are not valid UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  if (!isUtf8(bytes, 0, bytes.length)) return undefined;
  return asBuffer(bytes).toString('utf8');
}
