import { createPublicKey, type KeyObject } from 'node:crypto';
import { BoundedMemo } from '../bounded-memo.js';
import { equalBytes } from '../bytes.js';
import { type VerifyEcdsa, verifyEcdsaInPool } from '../ecdsa.js';
import { AppAttestError } from '../errors.js';
import { type Certificate, decodeCertificate } from './certificate.js';
import { fingerprint } from './fingerprint.js';
import { KeyUsage } from './key-usage.js';
import type { TrustAnchor } from './trust-anchors.js';

/** A certificate that may have signed another: a trust anchor, or a CA certificate whose signature was verified. */
interface Issuer {
  readonly certificate: Certificate;
  /** Imported once, for all that it issued. */
  readonly publicKey: KeyObject;
  /** From this certificate up to and with the trust anchor. */
  readonly path: readonly Certificate[];
}

/**
 * CA certificates whose signatures were verified up to a trust anchor: Apple has one, a few more are there for tests and
 * for the day it changes. Only signatures are remembered; flags, path lengths and dates are judged at each use. Found
 * again under the same anchors in the same order only, so that what is remembered never changes an answer.
 */
const verifiedIssuers = new BoundedMemo<readonly Issuer[]>(16);

/** Those whose verification is under way, so that the first attestations of a busy server share it. */
const issuersUnderWay = new Map<string, Promise<readonly Issuer[]>>();

const CURVES: ReadonlySet<string | undefined> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/**
 * Verifies a certificate chain up to one of the trust anchors and returns its first certificate, the leaf. Signatures
 * are verified in the thread pool, the leaf's where `verifyLeaf` does it. The result is slices of the leaf in `chain`,
 * which must not change any more.
 *
 * Names and signatures are verified first, then CA flags, path lengths, key usages and critical extensions, then all
 * dates at `date`. The result rests on the anchors' own bytes alone: a root that comes with the chain proves nothing.
 * Of several anchors with one name and one key the first counts. RFC 5280 §6.1, without policies and name constraints:
 * Apple's hierarchy has none, and critical ones are refused.
 *
 * @param chain DER, the leaf first and each certificate followed by its issuer; the root may be left out
 * @throws DecodingError for bytes that are no certificate
 * @throws AppAttestError `untrusted_certificate`, `certificate_expired`
 */
export async function verifyCertificateChain(
  chain: readonly [leaf: Uint8Array, ...issuers: Uint8Array[]],
  anchors: readonly TrustAnchor[],
  date: Date,
  verifyLeaf: VerifyEcdsa = verifyEcdsaInPool,
): Promise<Certificate> {
  const [leafBytes, ...issuerBytes] = chain;
  const leaf = decodeCertificate(leafBytes);
  const { path } = await findIssuer(leaf, await verifyIssuers(issuerBytes, anchors), verifyLeaf);

  path.forEach(assertCa);
  assertLeaf(leaf);
  const certificates = [leaf, ...path];
  certificates.forEach(assertUnderstood);
  for (const certificate of certificates) assertValidAt(certificate, date);
  return leaf;
}

/** The CA certificates that may have issued the leaf: remembered, being verified already, or verified now. */
function verifyIssuers(
  issuerBytes: readonly Uint8Array[],
  anchors: readonly TrustAnchor[],
): Promise<readonly Issuer[]> | readonly Issuer[] {
  const above = anchors.map((anchor) => anchor.fingerprint);
  const key = `${issuerBytes.map(fingerprint).join()} under ${above.join()}`;
  const known = verifiedIssuers.get(key) ?? issuersUnderWay.get(key);
  if (known) return known;
  // Copies, so that what is remembered does not keep the evidence alive that it came in.
  const certificates = issuerBytes.map((bytes) => decodeCertificate(new Uint8Array(bytes)));
  const verification = verifyIssuerSignatures(certificates, anchors)
    .then((issuers) => {
      if (issuers.every(({ certificate }) => certificate.isCa)) verifiedIssuers.set(key, issuers);
      return issuers;
    })
    .finally(() => issuersUnderWay.delete(key));
  issuersUnderWay.set(key, verification);
  return verification;
}

/** From the anchors downwards; the last may have issued the leaf. */
async function verifyIssuerSignatures(
  certificates: readonly Certificate[],
  anchors: readonly TrustAnchor[],
): Promise<readonly Issuer[]> {
  let candidates: readonly Issuer[] = anchors.map((anchor) => toIssuer(anchor, []));
  for (const certificate of [...certificates].reverse()) {
    const { path } = await findIssuer(certificate, candidates, verifyEcdsaInPool);
    candidates = [toIssuer(certificate, path)];
  }
  return candidates;
}

function toIssuer(certificate: Certificate, above: readonly Certificate[]): Issuer {
  return { certificate, publicKey: importPublicKey(certificate), path: [certificate, ...above] };
}

function importPublicKey(certificate: Certificate): KeyObject {
  try {
    const key = Buffer.from(certificate.subjectPublicKeyInfo);
    const publicKey = createPublicKey({ key, format: 'der', type: 'spki' });
    if (CURVES.has(publicKey.asymmetricKeyDetails?.namedCurve)) return publicKey;
  } catch (cause) {
    throw untrusted('the key of a CA certificate cannot be read', cause);
  }
  throw untrusted('the key of a CA certificate is not on a NIST curve');
}

/** By name, byte for byte, and by signature: neither alone proves anything. */
async function findIssuer(
  certificate: Certificate,
  candidates: readonly Issuer[],
  verify: VerifyEcdsa,
): Promise<Issuer> {
  for (const candidate of candidates) {
    const isNamed = equalBytes(candidate.certificate.subject, certificate.issuer);
    if (isNamed && (await isSignedBy(certificate, candidate, verify))) return candidate;
  }
  throw untrusted('the certificate chain does not lead to a trusted root');
}

function isSignedBy(certificate: Certificate, { publicKey }: Issuer, verify: VerifyEcdsa): ReturnType<VerifyEcdsa> {
  const { signatureHash, tbsCertificate, signature } = certificate;
  if (signatureHash === undefined) return false;
  return verify(signatureHash, tbsCertificate, publicKey, signature);
}

/** RFC 5280 §6.1.4 (k), (l), (m), (n). */
function assertCa(certificate: Certificate, caCertificatesBelow: number): void {
  if (!certificate.isCa) throw untrusted('a certificate above the leaf is not a CA certificate');
  if (certificate.pathLength !== undefined && certificate.pathLength < caCertificatesBelow) {
    throw untrusted('the certificate chain is longer than one of its CA certificates allows');
  }
  if (!allowsKeyUsage(certificate, KeyUsage.keyCertSign)) {
    throw untrusted('a CA certificate may not sign certificates');
  }
}

function assertLeaf(certificate: Certificate): void {
  if (certificate.isCa) throw untrusted('the leaf is a CA certificate');
  if (!allowsKeyUsage(certificate, KeyUsage.digitalSignature)) throw untrusted('the leaf may not sign');
}

function allowsKeyUsage({ keyUsage }: Certificate, flag: number): boolean {
  return keyUsage === undefined || (keyUsage & flag) !== 0;
}

/** RFC 5280 §4.2: a certificate with a critical extension that is not understood must be refused. */
function assertUnderstood({ unknownCriticalExtensions: [unknown] }: Certificate): void {
  if (unknown !== undefined) throw untrusted(`a certificate has the unknown critical extension ${unknown}`);
}

function assertValidAt({ notBefore, notAfter }: Certificate, date: Date): void {
  const time = date.getTime();
  // Written so that an unreadable date, which compares as false, is refused.
  if (time >= notBefore.getTime() && time <= notAfter.getTime()) return;
  throw new AppAttestError('certificate_expired', 'a certificate is expired or not yet valid', {
    expected: `a date from ${isoDate(notBefore)} to ${isoDate(notAfter)}`,
    actual: isoDate(date),
  });
}

function isoDate(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'an unreadable date' : date.toISOString();
}

function untrusted(message: string, cause?: unknown): AppAttestError {
  return new AppAttestError('untrusted_certificate', message, { cause });
}
