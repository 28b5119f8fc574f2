import { DecodingError } from '../../encoding/decoding-error.js';
import { octetAt, readLength } from '../../encoding/der.js';
import { contentsOf, readInteger, readObjectIdentifier, Tag } from '../../encoding/der-values.js';
import { decodeUtf8 } from '../../encoding/utf8.js';
import { shortText } from '../../errors.js';
import { bytesText, type EvidencePart, malformed, type PartBudget } from './evidence-part.js';
import { Excerpt } from './excerpt.js';
import { objectIdentifierText } from './object-identifiers.js';

/** One BER or DER element. All offsets are offsets in the excerpt that contains the element. */
export interface Asn1Element {
  readonly tag: number;
  readonly tagNumber: number;
  readonly start: number;
  readonly contents: number;
  /** The offset after the contents. */
  readonly contentsEnd: number;
  /** The offset after the element. Two more than `contentsEnd` if the length is indefinite. */
  readonly end: number;
}

/** A decoded element: its value as text, or its parts. */
export interface Asn1Value {
  readonly value?: string;
  readonly children?: readonly EvidencePart[];
}

/** What is known about an element from its position. */
export interface Asn1Field {
  readonly name: string;
  /** The names of the elements in this element. By default, each of these elements has the name of its ASN.1 type. */
  readonly parts?: Asn1Fields;
  /** Replaces the usual decoding. `contents` are the contents of the element, with joined chunks. `whole` is the element. */
  readonly decode?: (contents: Excerpt, whole: Excerpt) => Asn1Value;
}

/**
 * Starts a list of elements. The returned function is called for each element in order, and returns what is known about the
 * element. `contents` is the excerpt with all elements of the list.
 */
export type Asn1Fields = () => (element: Asn1Element, contents: Excerpt) => Asn1Field | undefined;

const CONSTRUCTED = 0x20;
const HIGH_TAG_NUMBER = 0x1f;
const INDEFINITE = 0x80;
const MAX_DEPTH = 24;

const TYPE_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries({
    BOOLEAN: Tag.Boolean,
    INTEGER: Tag.Integer,
    'BIT STRING': Tag.BitString,
    'OCTET STRING': Tag.OctetString,
    NULL: Tag.Null,
    'OBJECT IDENTIFIER': Tag.ObjectIdentifier,
    ENUMERATED: Tag.Enumerated,
    UTF8String: Tag.Utf8String,
    PrintableString: Tag.PrintableString,
    IA5String: Tag.Ia5String,
    UTCTime: Tag.UtcTime,
    GeneralizedTime: Tag.GeneralizedTime,
    SEQUENCE: Tag.Sequence,
    SET: Tag.Set,
  }).map(([name, tag]) => [tag, name]),
);

const UNKNOWN: Asn1Fields = () => () => undefined;

/** Fields in a fixed order. A field with a tag is optional: it is skipped if the next element has another tag. */
export function fieldsInOrder(...fields: readonly (Asn1Field & { readonly tag?: number })[]): Asn1Fields {
  return () => {
    let position = -1;
    return ({ tag }) => {
      position += 1;
      while (fields[position]?.tag !== undefined && fields[position]?.tag !== tag) position += 1;
      return fields[position];
    };
  };
}

/** Fields of one kind, for example a list of certificates. */
export function listOf(field: (index: number, element: Asn1Element, contents: Excerpt) => Asn1Field): Asn1Fields {
  return () => {
    let index = -1;
    return (element, contents) => {
      index += 1;
      return field(index, element, contents);
    };
  };
}

/** Decodes BER and DER into one part for each element. Chunks of an OCTET STRING are joined. */
export class Asn1Parts {
  readonly #budget: PartBudget;

  constructor(budget: PartBudget) {
    this.#budget = budget;
  }

  /** The parts for all elements in some bytes. */
  parts(contents: Excerpt, fields: Asn1Fields = UNKNOWN, depth = 0): readonly EvidencePart[] {
    const fieldOf = fields();
    return this.#budget.partsIn(contents, (offset, add) => {
      if (depth > MAX_DEPTH) throw new DecodingError(`ASN.1 nested deeper than ${MAX_DEPTH} levels`);
      const element = readElement(contents.bytes, offset, contents.length, depth);
      add(this.#part(element, fieldOf(element, contents), contents, depth));
      return element.end;
    });
  }

  #part(element: Asn1Element, field: Asn1Field | undefined, excerpt: Excerpt, depth: number): EvidencePart {
    const { tag, start, contents, contentsEnd, end } = element;
    const name = field?.name ?? typeName(element);
    const whole = excerpt.slice(start, end);
    const inner = excerpt.slice(contents, contentsEnd);
    if (field?.decode) {
      const { value, children } = this.#attempt(inner, () => field.decode?.(stringContents(element, excerpt), whole));
      return this.#budget.part(name, whole, value, children);
    }
    if ((tag & CONSTRUCTED) !== 0 && tag !== (Tag.OctetString | CONSTRUCTED)) {
      return this.#budget.part(name, whole, undefined, this.parts(inner, field?.parts, depth + 1));
    }
    return this.#budget.part(name, whole, valueText(excerpt.bytes, element, stringContents(element, excerpt)));
  }

  #attempt(inner: Excerpt, decode: () => Asn1Value | undefined): Asn1Value {
    try {
      return decode() ?? {};
    } catch (error) {
      return { children: [malformed(inner, error)] };
    }
  }
}

/** For example `SEQUENCE` or `[3]`. */
function typeName({ tag, tagNumber }: Asn1Element): string {
  const universal = tag === (Tag.OctetString | CONSTRUCTED) ? 'OCTET STRING' : TYPE_NAMES.get(tag);
  return universal ?? (tag < 0x40 ? `type ${tagNumber}` : `[${tagNumber}]`);
}

function valueText(bytes: Uint8Array, element: Asn1Element, contents: Excerpt): string {
  const octets = contents.bytes;
  // The functions that read values take DER, which has no chunks. Only OCTET STRINGs have chunks.
  const der = { ...element, end: element.contentsEnd, children: [] };
  switch (element.tag) {
    case Tag.Boolean:
      return octets[0] === 0 ? 'FALSE' : 'TRUE';
    case Tag.Integer:
    case Tag.Enumerated:
      return octets.length <= 6
        ? String(readInteger(bytes, der))
        : `0x${Buffer.from(octets.subarray(0, 32)).toString('hex')}`;
    case Tag.ObjectIdentifier:
      return octets.length <= 64 ? objectIdentifierText(readObjectIdentifier(bytes, der)) : bytesText(octets);
    case Tag.Null:
      return 'NULL';
    case Tag.Utf8String:
    case Tag.PrintableString:
    case Tag.Ia5String:
      return shortText(decodeUtf8(contentsOf(bytes, der)) ?? '').slice(1, -1);
    case Tag.UtcTime:
    case Tag.GeneralizedTime:
      return timeText(element.tag, Buffer.from(octets.subarray(0, 32)).toString('latin1'));
    case Tag.OctetString: {
      const text = printableText(octets);
      return text === undefined ? bytesText(octets) : `"${text}"`;
    }
    default:
      return bytesText(octets);
  }
}

/** Returns the contents of an OCTET STRING as text if they are printable ASCII, as in Apple's extensions. */
function printableText(octets: Uint8Array): string | undefined {
  const text = Buffer.from(octets.subarray(0, 120)).toString('latin1');
  return /^[ -~]{2,80}$/.test(text) ? text : undefined;
}

/** For example `2026-04-20T18:13:12Z`. */
function timeText(tag: number, text: string): string {
  const [, year = '', month, day, hour, minute, second] =
    /^(\d{2,4}?)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  if (year === '') return shortText(text);
  const century = tag === Tag.GeneralizedTime ? '' : Number(year) < 50 ? '20' : '19';
  return `${century}${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
}

/** The contents of an element. The chunks of a constructed OCTET STRING are joined. X.690 §8.7.3. */
export function stringContents({ tag, contents, contentsEnd }: Asn1Element, excerpt: Excerpt): Excerpt {
  const inner = excerpt.slice(contents, contentsEnd);
  if (tag !== (Tag.OctetString | CONSTRUCTED)) return inner;
  const chunks: Excerpt[] = [];
  for (let offset = 0; offset < inner.length; ) {
    const chunk = readElement(inner.bytes, offset, inner.length, 0);
    chunks.push(inner.slice(chunk.contents, chunk.contentsEnd));
    offset = chunk.end;
  }
  return Excerpt.join(chunks);
}

/** Decodes the tag and the length of one element, and finds its end. */
export function readElement(bytes: Uint8Array, start: number, limit: number, depth = 0): Asn1Element {
  if (depth > MAX_DEPTH) throw new DecodingError(`ASN.1 nested deeper than ${MAX_DEPTH} levels`);
  const tag = octetAt(bytes, start, limit);
  let offset = start + 1;
  let tagNumber = tag & HIGH_TAG_NUMBER;
  if (tagNumber === HIGH_TAG_NUMBER) {
    tagNumber = 0;
    for (let more = true; more; offset += 1) {
      const octet = octetAt(bytes, offset, limit);
      tagNumber = tagNumber * 0x80 + (octet & 0x7f);
      more = octet >= 0x80 && tagNumber < 2 ** 20;
    }
  }
  if (octetAt(bytes, offset, limit) !== INDEFINITE) {
    const { contents, end } = readLength(bytes, offset, limit);
    return { tag, tagNumber, start, contents, contentsEnd: end, end };
  }
  const contents = offset + 1;
  let contentsEnd = contents;
  while (octetAt(bytes, contentsEnd, limit) !== 0 || octetAt(bytes, contentsEnd + 1, limit) !== 0) {
    contentsEnd = readElement(bytes, contentsEnd, limit, depth + 1).end;
  }
  return { tag, tagNumber, start, contents, contentsEnd, end: contentsEnd + 2 };
}
