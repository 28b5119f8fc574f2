import { DecodingError } from '../encoding/decoding-error.js';
import { readDer } from '../encoding/der.js';
import type { DerElement } from '../encoding/der-element.js';
import { contentsOf, readObjectIdentifier, Tag } from '../encoding/der-values.js';

/** Abbreviations of RFC 4514 §3, and other common abbreviations. */
const ATTRIBUTE_NAMES: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
  ['1.2.840.113549.1.9.1', 'E'],
]);

/**
 * The string types in names: those of DirectoryString (RFC 5280 §4.1.2.4), and IA5String for domain components and email
 * addresses.
 */
const STRINGS: ReadonlySet<number> = new Set([
  Tag.Utf8String,
  Tag.PrintableString,
  Tag.TeletexString,
  Tag.Ia5String,
  Tag.UniversalString,
  Tag.BmpString,
]);

/**
 * Checks the structure of a name: a SEQUENCE OF SET OF SEQUENCE { type, value }. The contents of the values are not
 * checked. RFC 5280 §4.1.2.4.
 *
 * @throws DecodingError
 */
export function assertName(name: DerElement): void {
  if (name.tag !== Tag.Sequence) throw malformed();
  for (const { tag, children } of name.children) {
    if (tag !== Tag.Set || children.length === 0) throw malformed();
    for (const attribute of children) assertAttribute(attribute);
  }
}

function assertAttribute({ tag, children }: DerElement): void {
  const [type, value] = children;
  if (tag !== Tag.Sequence || children.length !== 2) throw malformed();
  if (type?.tag !== Tag.ObjectIdentifier || !value || !STRINGS.has(value.tag)) throw malformed();
}

function malformed(): DecodingError {
  return new DecodingError('malformed X.501 name');
}

/**
 * A name as text, for example `"CN=Apple App Attestation CA 1, O=Apple Inc., ST=California"`. The parts are in the order of
 * the certificate. Special characters and control characters are escaped as in RFC 4514 §2.4, so the text stays on one
 * line.
 *
 * @param name DER that {@link assertName} accepts
 */
export function nameText(name: Uint8Array): string {
  return readDer(name)
    .children.map(({ children }) => children.map((attribute) => attributeText(name, attribute)).join('+'))
    .join(', ');
}

function attributeText(name: Uint8Array, { children: [type, value] }: DerElement): string {
  if (!type || !value) throw malformed();
  const oid = readObjectIdentifier(name, type);
  return `${ATTRIBUTE_NAMES.get(oid) ?? oid}=${valueText(name, value)}`;
}

function valueText(name: Uint8Array, value: DerElement): string {
  const contents = Buffer.from(contentsOf(name, value));
  switch (value.tag) {
    case Tag.Utf8String:
      return escaped(contents.toString('utf8'));
    case Tag.PrintableString:
    case Tag.Ia5String:
      return escaped(contents.toString('latin1'));
    default:
      return `#${Buffer.from(name.subarray(value.start, value.end)).toString('hex')}`;
  }
}

function escaped(text: string): string {
  return text.replace(/[,+"\\<>;]|^[ #]| $/g, '\\$&').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return Buffer.from(character).toString('hex').replace(/../g, '\\$&');
  });
}
