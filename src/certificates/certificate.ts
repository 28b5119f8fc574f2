import { equalBytes } from '../encoding/bytes.js';
import { DecodingError } from '../encoding/decoding-error.js';
import { readDer } from '../encoding/der.js';
import type { DerElement } from '../encoding/der-element.js';
import { bytesOf, Tag } from '../encoding/der-values.js';
import type { SignatureHash } from '../keys/ecdsa.js';
import { type BasicConstraints, readBasicConstraints } from './basic-constraints.js';
import { NO_EXTENSIONS, readCertificateExtensions } from './certificate-extensions.js';
import { readKeyUsage } from './key-usage.js';
import { assertName } from './name.js';
import { readValidityDate } from './validity.js';

/** A decoded X.509 certificate. The certificate is well-formed, but not verified. See `verifyCertificateChain`. */
export interface Certificate {
  /** The whole certificate, DER. */
  readonly der: Uint8Array;
  /** The part that the issuer signed (TBS means "to be signed"), DER. */
  readonly tbsCertificate: Uint8Array;
  /** The issuer's signature of `tbsCertificate`. An ECDSA signature is encoded in DER. */
  readonly signature: Uint8Array;
  /**
   * The hash algorithm of the signature. `undefined` if the signature algorithm is not ECDSA with SHA-256, SHA-384 or
   * SHA-512.
   */
  readonly signatureHash: SignatureHash | undefined;
  /** The serial number: an INTEGER, DER. */
  readonly serialNumber: Uint8Array;
  /** The name of the issuer, DER. Names are compared byte for byte. */
  readonly issuer: Uint8Array;
  /** The name of the subject, DER. */
  readonly subject: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** The public key and its algorithm, DER. */
  readonly subjectPublicKeyInfo: Uint8Array;
  readonly isCa: boolean;
  /** The maximum number of CA certificates between this certificate and the leaf. `undefined` if there is no limit. */
  readonly pathLength: number | undefined;
  /** The bits of `KeyUsage` (RFC 5280 §4.2.1.3). `undefined` if the certificate does not restrict the usage. */
  readonly keyUsage: number | undefined;
  /** Extension values by object identifier. */
  readonly extensions: ReadonlyMap<string, Uint8Array>;
  /** Object identifiers of the critical extensions that {@link decodeCertificate} does not decode. */
  readonly unknownCriticalExtensions: readonly string[];
}

/** Version 3, encoded as `[0] { INTEGER 2 }`. Only certificates of version 3 have extensions. */
const VERSION_3 = Uint8Array.of(0xa0, 0x03, 0x02, 0x01, 0x02);

/**
 * The AlgorithmIdentifier of ECDSA with SHA-2, without its last byte. The last byte selects the hash algorithm. RFC 5758 §3.2
 * forbids parameters. The object identifiers are 1.2.840.10045.4.3.2, .3 and .4.
 */
const ECDSA_WITH_SHA2 = [0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03] as const;
const SIGNATURE_ALGORITHMS: readonly (readonly [Uint8Array, SignatureHash])[] = [
  [Uint8Array.of(...ECDSA_WITH_SHA2, 2), 'sha256'],
  [Uint8Array.of(...ECDSA_WITH_SHA2, 3), 'sha384'],
  [Uint8Array.of(...ECDSA_WITH_SHA2, 4), 'sha512'],
];

const NO_CA: BasicConstraints = { isCa: false, pathLength: undefined };
const KEY_USAGE = '2.5.29.15';
const BASIC_CONSTRAINTS = '2.5.29.19';
/** The extensions that {@link decodeCertificate} decodes. */
const UNDERSTOOD: ReadonlySet<string> = new Set([KEY_USAGE, BASIC_CONSTRAINTS]);

/**
 * Decodes one X.509 version 3 certificate from DER. RFC 5280 §4.1.
 *
 * All byte fields of the result are slices of `der`, so they keep the whole certificate in memory.
 *
 * @throws DecodingError
 */
export function decodeCertificate(der: Uint8Array): Certificate {
  const { 0: tbs, 1: outerAlgorithm, 2: signatureValue, length } = partsOf(readDer(der), 'certificate');
  if (!tbs || !outerAlgorithm || !signatureValue || length > 3) {
    throw new DecodingError('the certificate does not have exactly three parts');
  }
  const fields = readTbsCertificate(der, tbs);
  // RFC 5280 §4.1.1.2: the signature algorithms inside and outside the signed part must be equal.
  const algorithm = bytesOf(der, fields.algorithm);
  if (!equalBytes(algorithm, bytesOf(der, outerAlgorithm))) {
    throw new DecodingError('the certificate names two different signature algorithms');
  }
  const { notBefore, notAfter } = readValidity(der, fields.validity);
  const { values, critical } = fields.extensions ? readCertificateExtensions(der, fields.extensions) : NO_EXTENSIONS;
  const basicConstraints = values.get(BASIC_CONSTRAINTS);
  const { isCa, pathLength } = basicConstraints ? readBasicConstraints(basicConstraints) : NO_CA;
  const keyUsage = values.get(KEY_USAGE);
  return {
    der,
    tbsCertificate: bytesOf(der, tbs),
    signature: readSignature(der, signatureValue),
    signatureHash: SIGNATURE_ALGORITHMS.find(([encoded]) => equalBytes(encoded, algorithm))?.[1],
    serialNumber: bytesOf(der, fields.serial),
    issuer: bytesOf(der, fields.issuer),
    subject: bytesOf(der, fields.subject),
    notBefore,
    notAfter,
    subjectPublicKeyInfo: bytesOf(der, fields.subjectPublicKeyInfo),
    isCa,
    pathLength,
    keyUsage: keyUsage && readKeyUsage(keyUsage),
    extensions: values,
    unknownCriticalExtensions: critical.filter((oid) => !UNDERSTOOD.has(oid)),
  };
}

/** Splits the signed part of a certificate into its fields. Dates and extensions are not checked here. */
function readTbsCertificate(der: Uint8Array, tbs: DerElement) {
  const parts = partsOf(tbs, 'tbsCertificate');
  const { 0: version, 1: serial, 2: algorithm, 3: issuer, 4: validity, 5: subject } = parts;
  const { 6: subjectPublicKeyInfo, 7: extensions } = parts;
  if (!version || !serial || !algorithm || !issuer || !validity || !subject || !subjectPublicKeyInfo) {
    throw new DecodingError('tbsCertificate is incomplete');
  }
  if (!equalBytes(bytesOf(der, version), VERSION_3)) throw new DecodingError('not a version 3 certificate');
  if (serial.tag !== Tag.Integer) throw new DecodingError('the serial number is not an INTEGER');
  // The optional unique identifiers of RFC 5280 §4.1.2.8 are not supported. Certificates have not used them for decades.
  if (parts.length > 8) throw new DecodingError('tbsCertificate has too many parts');
  assertAlgorithm(algorithm);
  assertPublicKeyInfo(subjectPublicKeyInfo);
  assertName(issuer);
  assertName(subject);
  return { serial, algorithm, issuer, validity, subject, subjectPublicKeyInfo, extensions };
}

function readValidity(der: Uint8Array, validity: DerElement) {
  const { 0: notBefore, 1: notAfter, length } = partsOf(validity, 'validity');
  if (!notBefore || !notAfter || length > 2) throw new DecodingError('the validity does not consist of two dates');
  return { notBefore: readValidityDate(der, notBefore), notAfter: readValidityDate(der, notAfter) };
}

/** AlgorithmIdentifier ::= SEQUENCE { OBJECT IDENTIFIER, parameters OPTIONAL }. */
function assertAlgorithm(algorithm: DerElement): void {
  const { 0: oid, length } = partsOf(algorithm, 'an algorithm');
  if (oid?.tag !== Tag.ObjectIdentifier || length > 2) {
    throw new DecodingError('an algorithm does not consist of an object identifier and at most one parameter');
  }
}

/** SubjectPublicKeyInfo ::= SEQUENCE { AlgorithmIdentifier, BIT STRING }. */
function assertPublicKeyInfo(subjectPublicKeyInfo: DerElement): void {
  const { 0: algorithm, 1: key, length } = partsOf(subjectPublicKeyInfo, 'subjectPublicKeyInfo');
  if (!algorithm || key?.tag !== Tag.BitString || length > 2) {
    throw new DecodingError('subjectPublicKeyInfo does not consist of an algorithm and a BIT STRING');
  }
  assertAlgorithm(algorithm);
}

/** The bytes in a BIT STRING. The BIT STRING must not have unused bits. */
function readSignature(der: Uint8Array, element: DerElement): Uint8Array {
  if (element.tag !== Tag.BitString || der[element.contents] !== 0) {
    throw new DecodingError('the certificate signature is not a BIT STRING of whole bytes');
  }
  return der.subarray(element.contents + 1, element.end);
}

function partsOf(element: DerElement, name: string): readonly DerElement[] {
  if (element.tag === Tag.Sequence) return element.children;
  throw new DecodingError(`${name} is not a SEQUENCE`);
}
