/** One DER element: identifier octets, shortest length, contents. */
export function der(identifier: number | readonly number[], ...contents: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(contents);
  const identifierOctets = typeof identifier === 'number' ? [identifier] : identifier;
  return new Uint8Array(Buffer.concat([Uint8Array.of(...identifierOctets), derLength(body.length), body]));
}

function derLength(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  if (length < 0x100) return Uint8Array.of(0x81, length);
  return Uint8Array.of(0x82, length >> 8, length & 0xff);
}

export const sequence = (...contents: readonly Uint8Array[]): Uint8Array => der(0x30, ...contents);
export const octetString = (contents: Uint8Array | string): Uint8Array => der(0x04, Buffer.from(contents));
export const integer = (value: number): Uint8Array => der(0x02, Uint8Array.of(value));

/** An explicit context tag, in one identifier octet up to 30 and in three above. */
export function tagged(tagNumber: number, ...contents: readonly Uint8Array[]): Uint8Array {
  if (tagNumber < 31) return der(0xa0 | tagNumber, ...contents);
  return der([0xbf, 0x80 | (tagNumber >> 7), tagNumber & 0x7f], ...contents);
}
