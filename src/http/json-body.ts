const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Returns whether a content type is JSON. JSON is always UTF-8, so a `charset` is ignored (RFC 8259 §8.1, §11). */
export function isJson(contentType: string | undefined): boolean {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() === 'application/json';
}

/** @throws SyntaxError, TypeError */
export function parseJson(bytes: Uint8Array): unknown {
  return JSON.parse(utf8.decode(bytes));
}
