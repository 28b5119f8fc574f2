import { fingerprint } from '../certificates/fingerprint.js';
import { X509Certificate } from '../testing/certificates/x509.js';
import { appleExtensionText } from './apple-extension-text.js';
import { OBJECT_IDENTIFIER_NAMES } from './object-identifier-names.js';

const BASIC_CONSTRAINTS = '2.5.29.19';

/** A certificate with the values of all its extensions. Nothing in it is verified. */
export interface ShownCertificate {
  subject: string;
  issuer: string;
  /** Hex. */
  serialNumber: string;
  notBefore: Date;
  notAfter: Date;
  /** SHA-256 of the certificate, hex. */
  fingerprint: string;
  publicKey: string;
  signature: string;
  extensions: ShownExtension[];
}

export interface ShownExtension {
  oid: string;
  name: string;
  critical: boolean;
  /** The decoded value, or hex. */
  text: string;
}

/**
 * Decodes a certificate for people.
 *
 * @throws Error if the certificate cannot be decoded
 */
export function showCertificate(der: Uint8Array): ShownCertificate {
  const certificate = new X509Certificate(new Uint8Array(der));
  const { subject, issuer, serialNumber, notBefore, notAfter } = certificate;
  return {
    subject,
    issuer,
    serialNumber,
    notBefore,
    notAfter,
    fingerprint: fingerprint(der),
    publicKey: algorithmName(certificate.publicKey.algorithm),
    signature: algorithmName(certificate.signatureAlgorithm),
    extensions: certificate.extensions.map((extension) => ({
      oid: extension.type,
      critical: extension.critical,
      ...nameAndText(extension.type, new Uint8Array(extension.value), () => extension.toString('text')),
    })),
  };
}

/** For example `ECDSA P-384` or `ECDSA SHA-256`. */
function algorithmName(algorithm: object): string {
  const hash = 'hash' in algorithm && typeof algorithm.hash === 'object' ? algorithm.hash : undefined;
  const parts = [
    'name' in algorithm && algorithm.name,
    'namedCurve' in algorithm && algorithm.namedCurve,
    hash && 'name' in hash && hash.name,
  ];
  return parts.filter((part) => typeof part === 'string').join(' ');
}

function nameAndText(oid: string, value: Uint8Array, decode: () => string): { name: string; text: string } {
  const known = OBJECT_IDENTIFIER_NAMES.get(oid);
  try {
    const apple = appleExtensionText(oid, value);
    if (apple !== undefined) return { name: known ?? oid, text: apple };
    const [first = '', ...lines] = decode().split('\n');
    const text = lines.join(' ').trim().replace(/ +/g, ' ');
    return { name: known ?? first.replace(/:.*$/, ''), text: withNames(text || withoutFields(oid)) };
  } catch {
    // A value that cannot be decoded is shown as hex.
    return { name: known ?? oid, text: Buffer.from(value).toString('hex') };
  }
}

/** The meaning of a value without fields. Basic constraints without fields belong to a certificate that is not a CA. */
function withoutFields(oid: string): string {
  return oid === BASIC_CONSTRAINTS ? 'CA: false' : 'empty';
}

/** Adds the names of Apple's object identifiers. The certificate library does not know these names. */
function withNames(text: string): string {
  return text.replace(/\b1\.2\.840\.113635(?:\.\d+)+/g, (oid) => {
    const name = OBJECT_IDENTIFIER_NAMES.get(oid);
    return name === undefined ? oid : `${oid} (${name})`;
  });
}
