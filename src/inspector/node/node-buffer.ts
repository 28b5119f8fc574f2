/**
 * Replaces `Buffer` of Node.js in the inspector page. Contains only the methods that this package uses. All other
 * methods are inherited from `Uint8Array`.
 */
export class PageBuffer extends Uint8Array {
  static override from(
    source: string | ArrayBuffer | ArrayLike<number> | Iterable<number>,
    encodingOrOffset?: string | number | ((value: number, index: number) => number),
    length?: number,
  ): PageBuffer {
    if (typeof source === 'string') return encode(source, String(encodingOrOffset ?? 'utf8'));
    if (source instanceof ArrayBuffer) return new PageBuffer(source, Number(encodingOrOffset ?? 0), length);
    const bytes = source instanceof Uint8Array ? new Uint8Array(source) : new Uint8Array(Array.from(source));
    return new PageBuffer(bytes.buffer, 0, bytes.length);
  }

  static alloc(length: number, value = 0): PageBuffer {
    return new PageBuffer(length).fill(value);
  }

  static isBuffer(value: unknown): value is PageBuffer {
    return value instanceof PageBuffer;
  }

  static concat(parts: readonly Uint8Array[]): PageBuffer {
    const joined = new PageBuffer(parts.reduce((length, part) => length + part.length, 0));
    let offset = 0;
    for (const part of parts) {
      joined.set(part, offset);
      offset += part.length;
    }
    return joined;
  }

  static byteLength(text: string): number {
    return new TextEncoder().encode(text).length;
  }

  override toString(encoding = 'utf8', start = 0, end = this.length): string {
    return decode(this.subarray(start, end), encoding);
  }

  equals(other: Uint8Array): boolean {
    return this.length === other.length && this.every((byte, index) => byte === other[index]);
  }

  /** Searches for one byte, or for several consecutive bytes. */
  override includes(part: number | Uint8Array, from = 0): boolean {
    return this.indexOf(part, from) >= 0;
  }

  override indexOf(part: number | Uint8Array, from = 0): number {
    if (typeof part === 'number') return super.indexOf(part, from);
    for (let start = from; start + part.length <= this.length; start += 1) {
      if (part.every((byte, index) => byte === this[start + index])) return start;
    }
    return -1;
  }

  /** Swaps the bytes of each pair, in place. */
  swap16(): this {
    for (let index = 0; index + 1 < this.length; index += 2) {
      [this[index], this[index + 1]] = [this[index + 1] ?? 0, this[index] ?? 0];
    }
    return this;
  }
}

const NOT_BASE64 = /[^A-Za-z0-9+/]/g;

function encode(text: string, encoding: string): PageBuffer {
  switch (encoding) {
    case 'utf8':
      return PageBuffer.from(new TextEncoder().encode(text).buffer);
    case 'hex': {
      // Node.js stops at the first pair that is not hex.
      const [hex = ''] = /^(?:[0-9a-f]{2})*/i.exec(text) ?? [];
      return bytesOf(hex.length / 2, (index) => Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16));
    }
    case 'latin1':
      return bytesOf(text.length, (index) => text.charCodeAt(index));
    case 'utf16le':
      return bytesOf(text.length * 2, (index) => text.charCodeAt(index >> 1) >> (index % 2 === 0 ? 0 : 8));
    case 'base64':
    case 'base64url': {
      // Node.js reads both alphabets, ends at the first =, and skips all other characters.
      const [digits = ''] = text.split('=', 1);
      const base64 = digits.replaceAll('-', '+').replaceAll('_', '/').replaceAll(NOT_BASE64, '');
      const latin1 = atob(base64.length % 4 === 1 ? base64.slice(0, -1) : base64);
      return bytesOf(latin1.length, (index) => latin1.charCodeAt(index));
    }
    default:
      throw new Error(`the inspector page does not support the encoding ${encoding}`);
  }
}

function bytesOf(length: number, byteAt: (index: number) => number): PageBuffer {
  const bytes = new PageBuffer(length);
  for (let index = 0; index < length; index += 1) bytes[index] = byteAt(index);
  return bytes;
}

function decode(bytes: Uint8Array, encoding: string): string {
  switch (encoding) {
    case 'utf8':
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    case 'hex':
      return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    case 'latin1':
    case 'binary':
      return latin1Of(bytes);
    case 'base64':
      return btoa(latin1Of(bytes));
    case 'base64url':
      return btoa(latin1Of(bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
    default:
      throw new Error(`the inspector page does not support the encoding ${encoding}`);
  }
}

function latin1Of(bytes: Uint8Array): string {
  // The engine limits the number of arguments of a call.
  const PART = 8192;
  let text = '';
  for (let start = 0; start < bytes.length; start += PART) {
    text += String.fromCharCode(...bytes.subarray(start, start + PART));
  }
  return text;
}

/** Replaces `isUtf8` of `node:buffer`. */
function isValidUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

export { isValidUtf8 as isUtf8, PageBuffer as Buffer };
