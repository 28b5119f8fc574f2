import { decodeBase64, encodeBase64 } from './base64.js';

/** What stands between BEGIN or END and the dashes. */
export type PemLabel = 'CERTIFICATE' | 'PRIVATE KEY' | 'PUBLIC KEY';

/** One block and nothing around it but white space. RFC 7468 §3. */
const PEM = /^\s*-----BEGIN ([A-Z ]+)-----([A-Za-z0-9+/=\s]+)-----END \1-----\s*$/;

/** RFC 7468 §2: 64 characters a line, the last line excepted. */
const LINE = /.{1,64}/g;

/** Whether text is one PEM block with this label. Its base64 is not decoded. */
export function isPem(label: PemLabel, text: string): boolean {
  return base64In(label, text) !== undefined;
}

/**
 * Decodes one PEM block, `undefined` for text that is not one block with this label.
 *
 * @throws DecodingError where the block does not hold base64
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
