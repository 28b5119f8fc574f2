import { DecodingError } from '../../encoding/decoding-error.js';
import { shortHex } from '../../errors.js';
import type { ByteRange, Excerpt } from './excerpt.js';

/** A part of evidence, and the bytes that encode it. */
export interface EvidencePart {
  /** The name of the field, for example `rpIdHash`, or an ASN.1 type. */
  readonly name: string;
  /** The value as short text on one line. Usually absent if the part has children. */
  readonly value?: string;
  /** Whether the bytes of this part cannot be decoded. `value` says why. */
  readonly isMalformed?: true;
  /** The bytes. Several ranges if the part continues in another chunk of a receipt. */
  readonly ranges: readonly ByteRange[];
  /** The parts in this part, in the order of their bytes. */
  readonly children: readonly EvidencePart[];
}

/** The recorded attestations have fewer than 600 parts. */
const MAX_PARTS = 4096;
/** The maximum length of a name and of a value. */
const MAX_TEXT = 160;

/** Counts the parts of one object, so that hostile evidence cannot fill the memory. */
export class PartBudget {
  #parts = 0;

  part(name: string, { ranges }: Excerpt, value?: string, children: readonly EvidencePart[] = []): EvidencePart {
    this.#parts += 1;
    if (this.#parts > MAX_PARTS) throw new DecodingError(`more than ${MAX_PARTS} parts`);
    const shown = value !== undefined && value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value;
    return { name: name.slice(0, MAX_TEXT), ...(shown !== undefined && { value: shown }), ranges, children };
  }

  /**
   * Decodes the parts in some bytes, one after the other. If that fails, the parts decoded so far remain, and the rest of the
   * bytes becomes one malformed part.
   *
   * @param read Decodes one part at an offset. Returns the offset after the part
   */
  partsIn(contents: Excerpt, read: (offset: number, add: (part: EvidencePart) => void) => number): EvidencePart[] {
    const parts: EvidencePart[] = [];
    let offset = 0;
    try {
      while (offset < contents.length) offset = read(offset, (part) => parts.push(part));
    } catch (error) {
      parts.push(malformed(contents.slice(offset), error));
    }
    return parts;
  }
}

export function malformed({ ranges }: Excerpt, error: unknown): EvidencePart {
  const value = error instanceof Error ? error.message : String(error);
  return { name: 'malformed', value, isMalformed: true, ranges, children: [] };
}

/** For example `0a1b2c3d4e5f6071… (32 bytes)`. */
export function bytesText(bytes: Uint8Array): string {
  return `${shortHex(bytes)} (${bytes.length} ${bytes.length === 1 ? 'byte' : 'bytes'})`;
}
