/** `multipart/form-data` with one parameter, the boundary (RFC 7578 §4.1). Parsers may disagree about other headers. */
const MULTIPART = /^multipart\/form-data[ \t]*;[ \t]*boundary=(?:"([^"\\]{1,70})"|([^\s;"]{1,70}))[ \t]*$/i;

/**
 * Returns whether signed content is a form whose boundary is the one in `Content-Type`. The header is not signed, but the first
 * line of the content is. Without the comparison, an attacker could choose another boundary, for example a line of an uploaded
 * file, and the same bytes would have other fields.
 */
export function isSignedForm(contentType: string | undefined, content: Uint8Array): boolean {
  const [, quoted, plain] = MULTIPART.exec(contentType ?? '') ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) return false;
  const firstLine = Buffer.from(`--${boundary}\r\n`);
  return firstLine.equals(content.subarray(0, firstLine.length));
}

/** Returns whether a header claims that the body is a form with several parts. */
export function claimsForm(contentType: string | undefined | null): boolean {
  return /^\s*multipart\//i.test(contentType ?? '');
}
