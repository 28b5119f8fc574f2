import { DecodingError } from '../decoding-error.js';
import { children, type DerElement, readElement } from './der.js';
import { contentsOf, Identifier, readObjectIdentifier } from './der-values.js';

interface NameAttribute {
  /** An object identifier. */
  readonly type: string;
  readonly value: DerElement;
}

/** RFC 4514 §3, and the abbreviations that are in use beyond it. */
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

/** DirectoryString (RFC 5280 §4.1.2.4), and the type of domain components and mail addresses. */
const STRINGS: ReadonlySet<number> = new Set([
  Identifier.Utf8String,
  Identifier.PrintableString,
  Identifier.TeletexString,
  Identifier.Ia5String,
  Identifier.UniversalString,
  Identifier.BmpString,
]);

/**
 * Reads a Name, a SEQUENCE OF SET OF SEQUENCE { type, value }: its form, and nothing of what it says. RFC 5280 §4.1.2.4.
 *
 * @throws DecodingError
 */
export function readName(der: Uint8Array, name: DerElement): readonly (readonly NameAttribute[])[] {
  if (name.identifier !== Identifier.Sequence) throw malformed();
  return children(der, name).map((relativeName) => {
    const attributes = children(der, relativeName);
    if (relativeName.identifier !== Identifier.Set || attributes.length === 0) throw malformed();
    return attributes.map((attribute) => readAttribute(der, attribute));
  });
}

function readAttribute(der: Uint8Array, attribute: DerElement): NameAttribute {
  if (attribute.identifier !== Identifier.Sequence) throw malformed();
  const [type, value, ...rest] = children(der, attribute);
  if (type?.identifier !== Identifier.ObjectIdentifier || !value || rest.length > 0) throw malformed();
  if (!STRINGS.has(value.identifier)) throw malformed();
  return { type: readObjectIdentifier(der, type), value };
}

function malformed(): DecodingError {
  return new DecodingError('a certificate names somebody in a form that names do not have');
}

/**
 * A name as text, for example `"CN=Apple App Attestation CA 1, O=Apple Inc., ST=California"`, in the order of the
 * certificate. Escaped as in RFC 4514 §2.4, control characters too, so that a log line stays one line.
 *
 * @param name DER whose form has been checked
 */
export function nameText(name: Uint8Array): string {
  const relativeNames = readName(name, readElement(name, 0, name.length));
  return relativeNames
    .map((attributes) => attributes.map((attribute) => attributeText(name, attribute)).join('+'))
    .join(', ');
}

function attributeText(name: Uint8Array, { type, value }: NameAttribute): string {
  return `${ATTRIBUTE_NAMES.get(type) ?? type}=${valueText(name, value)}`;
}

function valueText(name: Uint8Array, value: DerElement): string {
  const contents = Buffer.from(contentsOf(name, value));
  switch (value.identifier) {
    case Identifier.Utf8String:
      return escaped(contents.toString('utf8'));
    case Identifier.PrintableString:
    case Identifier.Ia5String:
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
