import { hash, timingSafeEqual } from 'node:crypto';
import { isUint8Array } from 'node:util/types';

/** True for a `Uint8Array` of any realm, and so for a Node `Buffer`. */
export function isBytes(value: unknown): value is Uint8Array {
  return isUint8Array(value);
}

/** Equality whose running time does not depend on where two values of one length differ. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The same memory as a Buffer, whose methods will be called: only for bytes that no caller has made. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * A copy of the first bytes, out of Node's buffer pool. No method of the bytes' own class is called, which could hand
 * out something else, or the bytes themselves.
 */
export function copyBytes(bytes: Uint8Array, maxLength: number): Buffer {
  return Buffer.from(new Uint8Array(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, maxLength)));
}

/** SHA-256 over bytes, or over two parts, one after the other. */
export function sha256(bytes: Uint8Array, more?: Uint8Array): Uint8Array {
  return sha256Of(more ? Buffer.concat([bytes, more]) : bytes);
}

/** SHA-256 over text as UTF-8. */
export function sha256OfText(text: string): Uint8Array {
  return sha256Of(text);
}

function sha256Of(message: string | Uint8Array): Uint8Array {
  // As text and back: two thirds of the time that Node takes to make a Buffer of it.
  return Buffer.from(hash('sha256', message, 'binary'), 'latin1');
}
