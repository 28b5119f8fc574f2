/** Computes the SHA-256 hash of bytes. */
export type Sha256 = (bytes: Uint8Array<ArrayBuffer>) => Promise<ArrayBuffer>;

/** Computes the value of `Content-Digest` for a body: `sha-256=:…base64…:` (RFC 9530 §2). */
export async function bodyDigest(bytes: Uint8Array<ArrayBuffer>, sha256: Sha256): Promise<string> {
  return `sha-256=:${btoa(String.fromCharCode(...new Uint8Array(await sha256(bytes))))}:`;
}
