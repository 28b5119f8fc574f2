import { type BaseBlock, Constructed, fromBER, Integer, OctetString } from 'asn1js';
import { decode } from 'cbor-x';
import { cbor } from '../../src/testing/encoding/cbor.js';
import { asn1Structure } from './asn1-structure.js';

/** The fields of an attestation object, as a device encodes them. */
interface AttestationFields {
  fmt: string;
  attStmt: { x5c: Uint8Array[]; receipt: Uint8Array };
  authData: Buffer;
}

/** The fields of an assertion object, as a device encodes them. */
interface AssertionFields {
  signature: Uint8Array;
  authenticatorData: Uint8Array;
}

/** The structure of an attestation object, including all ASN.1 elements, without the values. */
export function attestationStructure(attestation: Uint8Array): unknown {
  const fields = decodeCanonical<AttestationFields>(attestation);
  const { fmt, attStmt, authData } = fields;
  const { x5c, receipt } = attStmt;
  return {
    entries: Object.keys(fields),
    statement: Object.keys(attStmt),
    fmt,
    authenticatorData: {
      credentialIdLength: authData.subarray(53, 55).toString('hex'),
      coseKey: [authData.subarray(87, 97).toString('hex'), authData.subarray(129, 132).toString('hex')],
      extensions: extensionStructure(authData.subarray(164)),
    },
    x5c: x5c.map(asn1Structure),
    receipt: receiptStructure(receipt),
  };
}

/** The structure of an assertion object, without the values. */
export function assertionStructure(assertion: Uint8Array): unknown {
  const fields = decodeCanonical<AssertionFields>(assertion);
  const { signature, authenticatorData } = fields;
  return {
    entries: Object.keys(fields),
    signature: asn1Structure(signature),
    extensions: extensionStructure(authenticatorData.subarray(37)),
  };
}

/** The structure of a receipt, the lengths of all parts of its content except the last, and the structure of its payload. */
export function receiptStructure(receipt: Uint8Array): unknown {
  return {
    signedData: asn1Structure(receipt),
    chunkLengths: contentChunks(receipt)
      .slice(0, -1)
      .map((chunk) => chunk.length),
    fields: receiptFieldStructure(receipt),
  };
}

/** The types and versions of the fields in order, and the structure of the certificate among them. */
export function receiptFieldStructure(receipt: Uint8Array): unknown {
  return receiptFields(receiptPayload(receipt)).map(({ type, version, value }) => {
    return { type, version, certificate: type === CERTIFICATE ? asn1Structure(value) : undefined };
  });
}

const CERTIFICATE = 3;

/** The fields of a receipt payload in order. */
export function receiptFields(payload: Uint8Array): { type: number; version: number; value: Uint8Array }[] {
  const { result } = fromBER(payload);
  return childrenOf(result).map((field) => {
    const [type, version, value] = childrenOf(field);
    if (!(type instanceof Integer) || !(version instanceof Integer) || !(value instanceof OctetString)) {
      throw new Error('a receipt field must consist of two INTEGERs and an OCTET STRING');
    }
    return {
      type: type.valueBlock.valueDec,
      version: version.valueBlock.valueDec,
      value: value.valueBlock.valueHexView,
    };
  });
}

export function receiptPayload(receipt: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat(contentChunks(receipt)));
}

/** ContentInfo.content → SignedData.encapContentInfo → eContent → the OCTET STRINGs that contain its chunks. */
function contentChunks(receipt: Uint8Array): Uint8Array[] {
  const { result } = fromBER(receipt);
  const [, content] = childrenOf(result);
  const [signedData] = childrenOf(content);
  const [, , encapContentInfo] = childrenOf(signedData);
  const [, eContent] = childrenOf(encapContentInfo);
  const [octets] = childrenOf(eContent);
  const chunks = octets?.idBlock.isConstructed ? childrenOf(octets) : [octets];
  return chunks.map((chunk) => {
    if (!(chunk instanceof OctetString)) throw new Error('each chunk of the content must be an OCTET STRING');
    return chunk.valueBlock.valueHexView;
  });
}

function childrenOf(element: BaseBlock | undefined): BaseBlock[] {
  if (element instanceof Constructed || element instanceof OctetString) return element.valueBlock.value;
  throw new Error('the element has no children');
}

/** The names, types and lengths of the signed extensions. */
function extensionStructure(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return 'none';
  return Object.entries(decodeCanonical<Record<string, unknown>>(bytes)).map(([name, value]) => {
    return [name, value instanceof Uint8Array ? `${value.length} bytes` : typeof value];
  });
}

/** Decodes the CBOR of virtual or recorded evidence. If the result is encoded again, the bytes must be the same. */
function decodeCanonical<Fields>(bytes: Uint8Array): Fields {
  const value: Fields = decode(bytes);
  if (!Buffer.from(cbor(value)).equals(bytes))
    throw new Error('the decoded CBOR has other bytes if it is encoded again');
  return value;
}
