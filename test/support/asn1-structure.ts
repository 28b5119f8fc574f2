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
 * The structure of ASN.1 bytes, an element a line: tags, object identifiers, booleans, key usage flags and indefinite
 * lengths, and none of the other values. What an OCTET STRING of an extension holds is taken apart too.
 */
export function asn1Structure(bytes: Uint8Array): string[] {
  const { result, offset } = fromBER(bytes);
  if (offset !== bytes.length) throw new Error(`not one ASN.1 element: ${result.error}`);
  return describeElement(result, '');
}

function describeElement(element: BaseBlock, indent: string): string[] {
  const { tagClass, tagNumber, isConstructed } = element.idBlock;
  const indefinite = element.lenBlock.isIndefiniteForm ? ' indefinite' : '';
  const line = `${indent}${'UACP'[tagClass - 1]}${tagNumber}${isConstructed ? '' : ' primitive'}${indefinite}`;
  const inner = `${indent}  `;

  if (element instanceof ObjectIdentifier) return [`${line} ${element.getValue()}`];
  if (element instanceof AsnBoolean) return [`${line} ${element.getValue()}`];
  if (element instanceof Integer) return [line];
  if (element instanceof BitString) return [`${line}${flags(element.valueBlock.valueHexView)}`];
  if (element instanceof OctetString && !isConstructed) {
    return [line, ...nested(element.valueBlock.valueHexView, inner)];
  }
  if (!(element instanceof Constructed || element instanceof OctetString)) return [line];
  return [line, ...element.valueBlock.value.flatMap((child) => describeElement(child, inner))];
}

/** The flags of a key usage; nothing for a key or a signature. */
function flags(bits: Uint8Array): string {
  return bits.length <= 2 ? ` ${Buffer.from(bits).toString('hex')}` : '';
}

/** The structure of what an OCTET STRING holds, where that is a SEQUENCE; a hash or a token may begin like one. */
function nested(contents: Uint8Array, indent: string): string[] {
  if (contents[0] !== 0x30 || contents.length === SHA256_LENGTH) return [];
  try {
    const { result, offset } = fromBER(contents);
    return offset === contents.length ? describeElement(result, indent) : [];
  } catch {
    return [];
  }
}
