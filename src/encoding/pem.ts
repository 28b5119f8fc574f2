import { decodeBase64, encodeBase64 } from './base64.js';

/** The label of a PEM block, as in `-----BEGIN CERTIFICATE-----`. */
export type PemLabel = 'CERTIFICATE' | 'PRIVATE KEY' | 'PUBLIC KEY';

/** Exactly one PEM block. Only white space may precede or follow the block. RFC 7468 §3. */
const PEM = /^\s*-----BEGIN ([A-Z ]+)-----([A-Za-z0-9+/=\s]+)-----END \1-----\s*$/;

/** RFC 7468 §2: 64 characters per line, except for the last line. */
const LINE = /.{1,64}/g;

/** Whether text is exactly one PEM block with this label. The base64 in the block is not decoded. */
export function isPem(label: PemLabel, text: string): boolean {
  return base64In(label, text) !== undefined;
}

/**
 * Decodes one PEM block. Returns `undefined` if the text is not exactly one block with this label.
 *
 * @throws DecodingError if the contents of the block are not valid base64
 */
export function decodePem(label: PemLabel, text: string): Buffer | undefined {
  const base64 = base64In(label, text);
  return base64 === undefined ? undefined : decodeBase64(base64.replace(/\s/g, ''));
}

export function encodePem(label: PemLabel, der: Uint8Array): string {
  const lines = encodeBase64(der).match(LINE) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

function base64In(label: PemLabel, text: string): string | undefined {
  const [, foundLabel, base64] = PEM.exec(text) ?? [];
  return foundLabel === label ? base64 : undefined;
}
