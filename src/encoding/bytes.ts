import { hash, timingSafeEqual } from 'node:crypto';
import { isUint8Array } from 'node:util/types';

/** True for every `Uint8Array`, including a Node.js `Buffer` and an array from another realm (`node:vm`, Jest). */
export function isBytes(value: unknown): value is Uint8Array {
  return isUint8Array(value);
}

/** Compares two byte strings. If the lengths are equal, the duration of the comparison does not depend on the contents. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * A Buffer over the same memory. Pass only bytes that this package created, because a caller's bytes can have overridden
 * getters.
 */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * The prototype of all typed arrays. If a subclass overrides the getters, the getters of this prototype still return the
 * real values.
 */
const TypedArrayPrototype: object = Object.getPrototypeOf(Uint8Array.prototype);

/**
 * Copies at most `maxLength` bytes. Later changes by the caller do not change the copy. A short copy may be in Node's buffer
 * pool, like bytes that Node.js decodes from base64. Methods and getters of a subclass are not called, because they could
 * return other bytes or the memory of the caller.
 *
 * @throws TypeError if the ArrayBuffer is detached, or has shrunk so far that it no longer contains all the bytes
 */
export function copyBytes(bytes: Uint8Array, maxLength = Number.POSITIVE_INFINITY): Buffer {
  // Throws a TypeError if the ArrayBuffer no longer contains all the bytes. Otherwise such bytes would count as empty.
  Uint8Array.prototype.at.call(bytes, 0);
  const buffer: ArrayBufferLike = Reflect.get(TypedArrayPrototype, 'buffer', bytes);
  const offset: number = Reflect.get(TypedArrayPrototype, 'byteOffset', bytes);
  const length: number = Reflect.get(TypedArrayPrototype, 'byteLength', bytes);
  return Buffer.from(new Uint8Array(buffer, offset, Math.min(length, maxLength)));
}

/** SHA-256 of one byte string, or of two byte strings that are concatenated. */
export function sha256(bytes: Uint8Array, more?: Uint8Array): Uint8Array {
  return sha256Of(more ? Buffer.concat([bytes, more]) : bytes);
}

/** SHA-256 of text in UTF-8. */
export function sha256OfText(text: string): Uint8Array {
  return sha256Of(text);
}

function sha256Of(message: string | Uint8Array): Uint8Array {
  // The hash is requested as text and then converted to bytes. This takes less time than requesting a Buffer.
  return Buffer.from(hash('sha256', message, 'binary'), 'latin1');
}
