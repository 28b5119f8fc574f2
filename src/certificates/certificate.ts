import { createHash } from 'node:crypto';
import { equalBytes } from '../bytes.js';
import { DecodingError } from '../decoding-error.js';
import { assertDer, children, type DerElement, readElement } from './der.js';
import { BasicConstraintsExtension, KeyUsagesExtension, X509Certificate } from './x509.js';

/** An X.509 certificate whose form has been checked, and nothing else: trust is the business of the chain. */
export interface Certificate {
  /** SHA-256 over the whole certificate, hex. */
  readonly fingerprint: string;
  /** The part that the issuer signed. */
  readonly tbsCertificate: Uint8Array;
  /** The issuer's ECDSA signature over it, DER. */
  readonly signature: Uint8Array;
  /** The hash under that signature; `undefined` where it is not ECDSA with SHA-2. */
  readonly signatureHash: SignatureHash | undefined;
  /** Names as DER, to be compared byte by byte. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** DER. */
  readonly subjectPublicKeyInfo: Uint8Array;
  readonly isCa: boolean;
  /** How many further CA certificates may stand between this one and the leaf; `undefined` for any number. */
  readonly pathLength: number | undefined;
  /** The bits of RFC 5280 §4.2.1.3 (`KeyUsageFlags`), `undefined` where the key may be used for anything. */
  readonly keyUsage: number | undefined;
  /** Extension values by object identifier. */
  readonly extensions: ReadonlyMap<string, Uint8Array>;
  /** Object identifiers of critical extensions that are not understood here. */
  readonly unknownCriticalExtensions: readonly string[];
}

export type SignatureHash = 'sha256' | 'sha384' | 'sha512';

const Identifier = { BitString: 0x03, Sequence: 0x30 } as const;

/** `[0] { INTEGER 2 }`: version 3, the one that has extensions. */
const VERSION_3 = Uint8Array.of(0xa0, 0x03, 0x02, 0x01, 0x02);

/** ECDSA with SHA-2, and no parameters, as a whole AlgorithmIdentifier (RFC 5758 §3.2): 1.2.840.10045.4.3.{2,3,4}. */
const ECDSA_WITH_SHA2 = [0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03] as const;
const SIGNATURE_ALGORITHMS: readonly (readonly [Uint8Array, SignatureHash])[] = [
  [Uint8Array.of(...ECDSA_WITH_SHA2, 2), 'sha256'],
  [Uint8Array.of(...ECDSA_WITH_SHA2, 3), 'sha384'],
  [Uint8Array.of(...ECDSA_WITH_SHA2, 4), 'sha512'],
];

/** The extensions that {@link Certificate} carries by their meaning. */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  '2.5.29.15', // key usage
  '2.5.29.19', // basic constraints
]);

/**
 * Decodes one X.509 version 3 certificate from DER.
 *
 * What is compared or verified byte by byte (names, algorithm, signed part, signature) is cut out of the DER as it
 * came; what has a meaning (dates, extensions) is read by `@peculiar/x509`.
 *
 * @throws DecodingError
 */
export function decodeCertificate(bytes: Uint8Array): Certificate {
  assertDer(bytes);
  // A copy, so that a remembered certificate does not keep the evidence alive that it came in.
  const der = new Uint8Array(bytes);
  const signedParts = readSignedParts(der);
  try {
    return { fingerprint: fingerprint(der), ...signedParts, ...readMeaning(der) };
  } catch (cause) {
    if (cause instanceof DecodingError) throw cause;
    throw new DecodingError('not an X.509 certificate', { cause });
  }
}

/** SHA-256 over a certificate, hex. */
export function fingerprint(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('hex');
}

/** Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }, RFC 5280 §4.1. */
function readSignedParts(der: Uint8Array) {
  const bytesOf = (element: DerElement): Uint8Array => der.subarray(element.start, element.end);

  const certificate = readElement(der, 0, der.length);
  expectSequence(certificate, 'certificate');
  const [tbs, outerAlgorithm, signatureValue, ...rest] = children(der, certificate);
  if (!tbs || !outerAlgorithm || !signatureValue || rest.length > 0) {
    throw new DecodingError('a certificate has three parts');
  }
  expectSequence(tbs, 'tbsCertificate');
  const [version, serial, algorithm, issuer, validity, subject, subjectPublicKeyInfo] = children(der, tbs);
  if (!version || !serial || !algorithm || !issuer || !validity || !subject || !subjectPublicKeyInfo) {
    throw new DecodingError('tbsCertificate is incomplete');
  }
  if (!equalBytes(bytesOf(version), VERSION_3)) throw new DecodingError('not a version 3 certificate');
  // RFC 5280 §4.1.1.2: the algorithm outside the signature must be the one inside it.
  if (!equalBytes(bytesOf(algorithm), bytesOf(outerAlgorithm))) {
    throw new DecodingError('the certificate names two signature algorithms');
  }
  return {
    tbsCertificate: bytesOf(tbs),
    signature: readSignature(der, signatureValue),
    signatureHash: readSignatureHash(bytesOf(algorithm)),
    issuer: bytesOf(issuer),
    subject: bytesOf(subject),
    subjectPublicKeyInfo: bytesOf(subjectPublicKeyInfo),
  };
}

function expectSequence(element: DerElement, name: string): void {
  if (element.identifier !== Identifier.Sequence) throw new DecodingError(`${name} is not a SEQUENCE`);
}

/** The contents of a BIT STRING without unused bits. */
function readSignature(der: Uint8Array, element: DerElement): Uint8Array {
  if (element.identifier !== Identifier.BitString || der[element.contents] !== 0) {
    throw new DecodingError('the certificate signature is not a string of whole bytes');
  }
  return der.subarray(element.contents + 1, element.end);
}

function readSignatureHash(algorithm: Uint8Array): SignatureHash | undefined {
  return SIGNATURE_ALGORITHMS.find(([identifier]) => equalBytes(identifier, algorithm))?.[1];
}

function readMeaning(der: Uint8Array) {
  const certificate = new X509Certificate(der);
  const extensions = new Map<string, Uint8Array>();
  for (const extension of certificate.extensions) {
    if (extensions.has(extension.type)) throw new DecodingError(`extension ${extension.type} twice`);
    extensions.set(extension.type, new Uint8Array(extension.value));
  }
  const basicConstraints = certificate.getExtension(BasicConstraintsExtension);
  return {
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
    isCa: basicConstraints?.ca ?? false,
    pathLength: basicConstraints?.pathLength,
    keyUsage: certificate.getExtension(KeyUsagesExtension)?.usages,
    extensions,
    unknownCriticalExtensions: certificate.extensions
      .filter(({ critical, type }) => critical && !UNDERSTOOD.has(type))
      .map(({ type }) => type),
  };
}
