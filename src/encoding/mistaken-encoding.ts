const HEX = /^[0-9a-f]+$/i;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/**
 * What is wrong with text that should be base64, where it shows one of the mistakes that clients make; `undefined` where
 * it does not. Neither evidence nor a key identifier ever looks like one of them in base64: evidence begins with a CBOR
 * map or with an ASN.1 SEQUENCE of a long length.
 *
 * @param decoded What Node.js decodes the text to, where that is known already
 */
export function mistakenEncoding(text: string, decoded: Buffer = Buffer.from(text, 'base64')): string | undefined {
  if (text === '') return 'it is empty';
  if (text.length % 2 === 0 && HEX.test(text)) return 'the text is hex instead of base64';
  if (isBase64(decoded)) return 'the text is base64 of base64: it was encoded twice';
  if (text.includes(' ')) {
    return 'the text has spaces: a + of base64 becomes one where a form or a URL is decoded, unless it is sent as %2B';
  }
  return undefined;
}

/** Whether bytes are themselves base64 text, as evidence and key identifiers never are. */
export function isBase64(bytes: Buffer): boolean {
  // Evidence nearly always begins with another byte, so that no text is made of it.
  return (bytes[0] ?? 0) < 0x80 && BASE64.test(bytes.toString('latin1'));
}
