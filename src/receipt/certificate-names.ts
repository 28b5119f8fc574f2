import { type DerElement, readDer } from '../certificates/der.js';
import { DecodingError } from '../decoding-error.js';

/** How a certificate is called, and what it certifies: cut out of its DER as it came, to be compared byte by byte. */
export interface CertificateNames {
  /** The whole certificate, DER. */
  readonly der: Uint8Array;
  /** The serial number with its head, DER. */
  readonly serialNumber: Uint8Array;
  /** Names, DER. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** DER. */
  readonly subjectPublicKeyInfo: Uint8Array;
}

const SEQUENCE = 0x30;
/** `[0] EXPLICIT` before the version, without which a certificate is of version 1. */
const VERSION = 0xa0;

/**
 * Reads what a receipt needs to know about a certificate before any is trusted, and about the attested key's own, which
 * Apple's signature covers as a whole. RFC 5280 §4.1.
 *
 * @throws DecodingError
 */
export function readCertificateNames(der: Uint8Array): CertificateNames {
  const certificate = readDer(der);
  const [tbs] = certificate.identifier === SEQUENCE ? certificate.children : [];
  if (tbs?.identifier !== SEQUENCE) throw new DecodingError('not an X.509 certificate');

  const [version, serialNumber, , issuer, , subject, subjectPublicKeyInfo] = tbs.children;
  if (version?.identifier !== VERSION || !serialNumber || !issuer || !subject || !subjectPublicKeyInfo) {
    throw new DecodingError('not an X.509 certificate of version 3');
  }
  const bytesOf = ({ start, end }: DerElement): Uint8Array => der.subarray(start, end);
  return {
    der,
    serialNumber: bytesOf(serialNumber),
    issuer: bytesOf(issuer),
    subject: bytesOf(subject),
    subjectPublicKeyInfo: bytesOf(subjectPublicKeyInfo),
  };
}
