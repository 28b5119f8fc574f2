/** The two fields of an assertion. */
export interface AssertionByHand {
  signature: Buffer;
  authenticatorData: Buffer;
}

/** Decodes the CBOR map `{ signature, authenticatorData }`. Returns `undefined` for any other bytes. */
export function decodeAssertion(bytes: Buffer): AssertionByHand | undefined {
  if (bytes[0] !== MAP_OF_TWO) return undefined;
  const fields: Partial<AssertionByHand> = {};
  let position = 1;
  for (const _ of [1, 2]) {
    const name = readItem(bytes, position, TEXT);
    if (!name) return undefined;
    const value = readItem(bytes, name.end, BYTES);
    if (!value) return undefined;
    const text = name.content.toString('latin1');
    if (text === 'signature' || text === 'authenticatorData') fields[text] = value.content;
    position = value.end;
  }
  const { signature, authenticatorData } = fields;
  return signature && authenticatorData && position === bytes.length ? { signature, authenticatorData } : undefined;
}

const MAP_OF_TWO = 0xa2;
const BYTES = 0x40;
const TEXT = 0x60;

/** A string of at most 65535 bytes (RFC 8949 §3.1). */
function readItem(bytes: Buffer, start: number, type: number): { content: Buffer; end: number } | undefined {
  const first = bytes[start];
  if (first === undefined || (first & 0xe0) !== type) return undefined;
  const size = first & 0x1f;
  const lengthBytes = size < 24 ? 0 : size === 24 ? 1 : size === 25 ? 2 : undefined;
  if (lengthBytes === undefined) return undefined;
  const begin = start + 1 + lengthBytes;
  if (begin > bytes.length) return undefined;
  const end = begin + (lengthBytes === 0 ? size : bytes.readUIntBE(start + 1, lengthBytes));
  return end > bytes.length ? undefined : { content: bytes.subarray(begin, end), end };
}
