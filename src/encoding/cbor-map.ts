import { Decoder } from 'cbor-x/decode-no-eval';
import { isBytes } from './bytes.js';
import { DecodingError } from './decoding-error.js';
import { assertWellFormedCbor } from './well-formed-cbor.js';

// This build of cbor-x uses neither `new Function` nor the native add-on. So untrusted bytes are decoded only by plain
// JavaScript. CBOR maps become JavaScript Maps, so a key such as `__proto__` cannot change a prototype.
const decoder = new Decoder({ mapsAsObjects: false, useRecords: false });

const NONE: ReadonlySet<string> = new Set();

/**
 * A decoded CBOR map. A method such as `text` returns the value of one field. It throws a {@link DecodingError} if the field
 * is missing or has another type.
 */
export class CborMap {
  readonly #entries: ReadonlyMap<unknown, unknown>;
  readonly #unsigned: ReadonlySet<string>;

  /** @param unsigned The names of the fields that are encoded as unsigned integers, not as floats */
  constructor(entries: ReadonlyMap<unknown, unknown>, unsigned: ReadonlySet<string>) {
    this.#entries = entries;
    this.#unsigned = unsigned;
  }

  /** All keys as text, in the order of the encoded map. */
  names(): string[] {
    return [...this.#entries.keys()].map(String);
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  bytes(name: string): Uint8Array {
    const value = this.#entries.get(name);
    if (!isBytes(value)) throw this.#wrongType(name, 'a byte string');
    return value;
  }

  text(name: string): string {
    const value = this.#entries.get(name);
    if (typeof value !== 'string') throw this.#wrongType(name, 'text');
    return value;
  }

  map(name: string): CborMap {
    const value = this.#entries.get(name);
    if (!(value instanceof Map)) throw this.#wrongType(name, 'a map');
    return new CborMap(value, NONE);
  }

  arrayOfBytes(name: string): Uint8Array[] {
    const value: unknown = this.#entries.get(name);
    if (!Array.isArray(value) || !value.every(isBytes)) throw this.#wrongType(name, 'an array of byte strings');
    return value;
  }

  /**
   * A number from 0 to 2^32 - 1. Apple's devices encode such a number as four little-endian bytes. In the outermost map, a
   * CBOR unsigned integer is accepted too.
   */
  uint32(name: string): number {
    const value = this.#entries.get(name);
    if (isBytes(value) && value.length === 4) {
      return new DataView(value.buffer, value.byteOffset, 4).getUint32(0, true);
    }
    if (typeof value === 'number' && this.#unsigned.has(name) && value <= 0xffff_ffff) return value;
    throw this.#wrongType(name, 'a 32-bit number');
  }

  #wrongType(name: string, type: string): DecodingError {
    return new DecodingError(this.has(name) ? `the field ${name} is not ${type}` : `the field ${name} is missing`);
  }
}

/**
 * Decodes bytes that must be exactly one CBOR map.
 *
 * @throws DecodingError
 */
export function decodeCborMap(bytes: Uint8Array): CborMap {
  const unsigned = assertWellFormedCbor(bytes);
  const value: unknown = decoder.decode(bytes);
  if (!(value instanceof Map)) throw new DecodingError('not a CBOR map');
  return new CborMap(value, unsigned);
}
