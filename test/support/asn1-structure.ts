import {
  Boolean as AsnBoolean,
  type BaseBlock,
  BitString,
  Constructed,
  fromBER,
  Integer,
  ObjectIdentifier,
  OctetString,
} from 'asn1js';

const SHA256_LENGTH = 32;

/**
 * Describes the structure of ASN.1 bytes, one element per line. Includes the elements inside OCTET STRINGs. The lines contain
 * the values of object identifiers, booleans and key usage flags, but no other values.
 */
export function asn1Structure(bytes: Uint8Array): string[] {
  const { result, offset } = fromBER(bytes);
  if (offset !== bytes.length) throw new Error(`the bytes are not exactly one ASN.1 element: ${result.error}`);
  return describeElement(result, '');
}

/** The class, tag number and form of an element, and whether its length is indefinite. */
function header({ idBlock, lenBlock }: BaseBlock, indent: string): string {
  const { tagClass, tagNumber, isConstructed } = idBlock;
  const indefinite = lenBlock.isIndefiniteForm ? ' indefinite' : '';
  return `${indent}${'UACP'[tagClass - 1]}${tagNumber}${isConstructed ? '' : ' primitive'}${indefinite}`;
}

function describeElement(element: BaseBlock, indent: string): string[] {
  const { isConstructed } = element.idBlock;
  const line = header(element, indent);
  const inner = `${indent}  `;

  if (element instanceof ObjectIdentifier) return [`${line} ${element.getValue()}`];
  if (element instanceof AsnBoolean) return [`${line} ${element.getValue()}`];
  if (element instanceof Integer) return [line];
  if (element instanceof BitString) return [`${line}${flags(element.valueBlock.valueHexView)}`];
  if (element instanceof OctetString && !isConstructed) {
    return [line, ...nested(element.valueBlock.valueHexView, inner)];
  }
  // The content of a chunk is not an element. It can begin like a SEQUENCE by chance, so it is not decoded.
  if (element instanceof OctetString) return [line, ...element.valueBlock.value.map((chunk) => header(chunk, inner))];
  if (!(element instanceof Constructed)) return [line];
  return [line, ...element.valueBlock.value.flatMap((child) => describeElement(child, inner))];
}

/** The flags of a key usage. Empty for a longer BIT STRING, which is a key or a signature. */
function flags(bits: Uint8Array): string {
  return bits.length <= 2 ? ` ${Buffer.from(bits).toString('hex')}` : '';
}

/**
 * The structure inside an OCTET STRING, if its contents are a SEQUENCE. A hash or a token can begin like a SEQUENCE by chance.
 * Therefore, contents of 32 bytes, and contents that are not exactly one element, are not described.
 */
function nested(contents: Uint8Array, indent: string): string[] {
  if (contents[0] !== 0x30 || contents.length === SHA256_LENGTH) return [];
  try {
    const { result, offset } = fromBER(contents);
    return offset === contents.length ? describeElement(result, indent) : [];
  } catch {
    return [];
  }
}
