const HEX = /^[0-9a-f]+$/i;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/**
 * Describes a common encoding mistake in text that should be base64; `undefined` if there is none. Correct base64 of
 * evidence or of a key identifier never looks like a mistake: evidence begins with a CBOR map, or with an ASN.1 SEQUENCE of
 * a long length.
 *
 * @param decoded The text as Node.js decodes it, if already known
 */
export function mistakenEncoding(text: string, decoded: Buffer = Buffer.from(text, 'base64')): string | undefined {
  if (text === '') return 'it is empty';
  if (text.length % 2 === 0 && HEX.test(text)) return 'the text is hex instead of base64';
  if (isBase64(decoded)) return 'the text is base64 of base64: it was encoded twice';
  if (text.includes(' ')) {
    return 'the text contains spaces: in a form or a URL, a + of base64 must be sent as %2B, or it becomes a space';
  }
  return undefined;
}

/** Whether bytes are themselves base64 text. Evidence and key identifiers never are. */
export function isBase64(bytes: Buffer): boolean {
  // Evidence nearly always begins with a larger byte, so it need not be converted to text.
  return (bytes[0] ?? 0) < 0x80 && BASE64.test(bytes.toString('latin1'));
}
