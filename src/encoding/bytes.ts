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

/** What all typed arrays inherit from. Its getters tell the truth about bytes whose own class says something else. */
const TypedArrayPrototype: object = Object.getPrototypeOf(Uint8Array.prototype);

/**
 * A copy of the first bytes, out of Node's buffer pool. No method and no getter of the bytes' own class is called, which
 * could hand out something else, or the bytes themselves.
 *
 * @throws TypeError where the memory is gone: transferred to another thread, or a buffer that has shrunk. Such bytes claim
 *   to be empty, and must not pass for bytes that are.
 */
export function copyBytes(bytes: Uint8Array, maxLength = Number.POSITIVE_INFINITY): Buffer {
  Uint8Array.prototype.at.call(bytes, 0);
  const buffer: ArrayBufferLike = Reflect.get(TypedArrayPrototype, 'buffer', bytes);
  const offset: number = Reflect.get(TypedArrayPrototype, 'byteOffset', bytes);
  const length: number = Reflect.get(TypedArrayPrototype, 'byteLength', bytes);
  return Buffer.from(new Uint8Array(buffer, offset, Math.min(length, maxLength)));
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
