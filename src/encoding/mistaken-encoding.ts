const HEX = /^[0-9a-f]+$/i;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/** The characters +, / and = of base64. */
const PERCENT_ENCODED = /%(?:2B|2F|3D)/i;

/**
 * Describes a common encoding mistake in text that should be base64. Returns `undefined` if there is no mistake. Correct
 * evidence is never reported. It begins with a CBOR map or with an ASN.1 SEQUENCE of more than 127 bytes. The first two bytes
 * are then not base64 text, and their base64 begins with a letter that is not a hex digit. Correct key identifiers are never
 * reported either.
 *
 * @param decoded The bytes that Node.js decodes from the text, if the caller already has these bytes
 */
export function mistakenEncoding(text: string, decoded: Buffer = Buffer.from(text, 'base64')): string | undefined {
  if (text === '') return 'the value is empty';
  if (text.length % 2 === 0 && HEX.test(text)) return 'the text is hex instead of base64';
  if (isBase64(decoded)) return 'the text was encoded as base64 twice';
  if (text.includes(' ')) {
    return 'the text contains spaces: in a form or a URL, send each + of base64 as %2B, because + is decoded as a space';
  }
  if (PERCENT_ENCODED.test(text)) return 'the text is percent-encoded: decode it once, or send it in a JSON body';
  return undefined;
}

/**
 * Whether bytes are base64 text that was not decoded. Correct evidence and correct key identifiers are never base64 text.
 */
export function isBase64(bytes: Buffer): boolean {
  // A correct attestation or assertion begins with a byte of at least 0x80, so its bytes need not be converted to text.
  return (bytes[0] ?? 0) < 0x80 && BASE64.test(bytes.toString('latin1'));
}
