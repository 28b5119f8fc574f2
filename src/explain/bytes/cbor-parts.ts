import { DecodingError } from '../../encoding/decoding-error.js';
import { decodeUtf8 } from '../../encoding/utf8.js';
import { shortText } from '../../errors.js';
import { bytesText, type EvidencePart, malformed, type PartBudget } from './evidence-part.js';
import type { Excerpt } from './excerpt.js';

/** Decodes the contents of a byte string with a known name. Returns `undefined` for other byte strings. */
export type ByteStringParts = (
  name: string,
  contents: Excerpt,
) => { readonly value?: string; readonly children?: readonly EvidencePart[] } | undefined;

interface CborHead {
  readonly majorType: number;
  /** The value, the length or the count. RFC 8949 §3. */
  readonly argument: number;
  /** The offset after the head. */
  readonly end: number;
}

interface Item {
  readonly value?: string;
  readonly children?: readonly EvidencePart[];
  readonly end: number;
}

const MAX_DEPTH = 8;
const MajorType = { Unsigned: 0, Negative: 1, Bytes: 2, Text: 3, Array: 4, Map: 5 } as const;
const SIMPLE_VALUES: ReadonlyMap<number, string> = new Map([
  [20, 'false'],
  [21, 'true'],
  [22, 'null'],
  [23, 'undefined'],
]);

/**
 * Decodes a CBOR map into one part for each entry. Unlike the decoder of the verifiers, this decoder also shows the beginning
 * of a truncated map.
 */
export class CborParts {
  readonly #budget: PartBudget;
  readonly #byteString: ByteStringParts;
  readonly #keyName: (key: string) => string;

  constructor(budget: PartBudget, byteString: ByteStringParts, keyName: (key: string) => string = (key) => key) {
    this.#budget = budget;
    this.#byteString = byteString;
    this.#keyName = keyName;
  }

  /** The parts of one map. Bytes after the map become a malformed part. */
  mapParts(contents: Excerpt): readonly EvidencePart[] {
    return this.#budget.partsIn(contents, (offset, add) => {
      if (offset > 0) throw new DecodingError('bytes after the CBOR map');
      const head = readHead(contents.bytes, offset);
      if (head.majorType !== MajorType.Map) throw new DecodingError('not a CBOR map');
      return this.#entries(head.end, head.argument, contents, 0, add);
    });
  }

  #entries(start: number, count: number, contents: Excerpt, depth: number, add: (part: EvidencePart) => void): number {
    let offset = start;
    for (let index = 0; index < count; index += 1) {
      if (offset >= contents.length) {
        add(malformed(contents.slice(offset), new DecodingError(`${count - index} of ${count} entries are missing`)));
        return offset;
      }
      const key = this.#item('', contents, offset, depth);
      const name = this.#keyName(key.value ?? '');
      const value = this.#item(name, contents, key.end, depth + 1);
      add(this.#budget.part(name, contents.slice(offset, value.end), value.value, value.children));
      offset = value.end;
    }
    return offset;
  }

  #item(name: string, contents: Excerpt, offset: number, depth: number): Item {
    if (depth > MAX_DEPTH) throw new DecodingError(`CBOR nested deeper than ${MAX_DEPTH} levels`);
    const head = readHead(contents.bytes, offset);
    const { majorType, argument } = head;
    switch (majorType) {
      case MajorType.Unsigned:
        return { value: String(argument), end: head.end };
      case MajorType.Negative:
        return { value: String(-1 - argument), end: head.end };
      case MajorType.Bytes:
      case MajorType.Text:
        return this.#string(name, head, contents);
      case MajorType.Array: {
        const children: EvidencePart[] = [];
        return { children, end: this.#elements(name, head, contents, depth, (part) => children.push(part)) };
      }
      case MajorType.Map: {
        const children: EvidencePart[] = [];
        return { children, end: this.#entries(head.end, argument, contents, depth, (part) => children.push(part)) };
      }
      default:
        return { value: SIMPLE_VALUES.get(argument) ?? 'a tag, a float or an unknown simple value', end: head.end };
    }
  }

  #string(name: string, { majorType, argument, end }: CborHead, contents: Excerpt): Item {
    const string = contents.slice(end, Math.min(end + argument, contents.length));
    const missing = argument - string.length;
    const note = missing > 0 ? [`truncated: ${missing} bytes are missing`] : [];
    if (majorType === MajorType.Text) {
      const text = decodeUtf8(string.bytes);
      // Keys and other texts from evidence can be of any length, and can contain control characters.
      const value = text === undefined ? bytesText(string.bytes) : shortText(text).slice(1, -1);
      return { value: [value, ...note].join(', '), end: end + string.length };
    }
    const { value, children } = this.#byteString(name, string) ?? { value: bytesText(string.bytes) };
    const shown = [...(value === undefined ? [] : [value]), ...note].join(', ');
    return { ...(shown !== '' && { value: shown }), ...(children && { children }), end: end + string.length };
  }

  #elements(name: string, head: CborHead, contents: Excerpt, depth: number, add: (part: EvidencePart) => void): number {
    let offset = head.end;
    for (let index = 0; index < head.argument && offset < contents.length; index += 1) {
      const item = this.#item(`${name}[${index}]`, contents, offset, depth + 1);
      add(this.#budget.part(`${name}[${index}]`, contents.slice(offset, item.end), item.value, item.children));
      offset = item.end;
    }
    return offset;
  }
}

/** Decodes the first one to nine bytes of an item. RFC 8949 §3. */
function readHead(bytes: Uint8Array, offset: number): CborHead {
  const first = bytes[offset];
  if (first === undefined) throw new DecodingError('CBOR ends in the middle of an item');
  const additional = first & 0x1f;
  const width = additional < 24 ? 0 : 2 ** (additional - 24);
  if (width > 8) throw new DecodingError('CBOR item of indefinite or reserved length');
  let argument = width === 0 ? additional : 0;
  for (let index = 1; index <= width; index += 1) argument = argument * 256 + (bytes[offset + index] ?? 0);
  return { majorType: first >> 5, argument, end: Math.min(offset + 1 + width, bytes.length) };
}
