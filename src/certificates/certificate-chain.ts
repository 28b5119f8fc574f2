import { equalBytes } from '../encoding/bytes.js';
import { AppAttestError } from '../errors.js';
import { type VerifyEcdsa, verifyEcdsaInPool } from '../keys/ecdsa.js';
import type { Certificate } from './certificate.js';
import { isCaSignedBy, isSignedBy } from './issuer-signature.js';
import { KeyUsage } from './key-usage.js';
import { untrusted } from './untrusted.js';

/** The leaf first and each certificate followed by its issuer; the root may be left out. */
export type CertificateChain = readonly [leaf: Certificate, ...issuers: Certificate[]];

/** A certificate that may have signed another, then those above it up to and with the trust anchor. */
type Path = readonly [issuer: Certificate, ...above: Certificate[]];

/**
 * Verifies a certificate chain up to one of the trust anchors and returns its first certificate, the leaf. Signatures
 * are verified in the thread pool, the leaf's where `verifyLeaf` does it. The bytes that the certificates were decoded from
 * must not change any more.
 *
 * Names, CA flags and signatures are verified first, then path lengths, key usages and critical extensions, then all
 * dates at `date`. The result rests on the anchors' own bytes alone: a root that comes with the chain proves nothing.
 * Of several anchors with one name and one key the first counts. RFC 5280 §6.1, without policies and name constraints:
 * Apple's hierarchy has none, and critical ones are refused.
 *
 * @throws AppAttestError `untrusted_certificate`, `certificate_expired`
 */
export async function verifyCertificateChain(
  [leaf, ...issuers]: CertificateChain,
  anchors: readonly Certificate[],
  date: Date,
  verifyLeaf: VerifyEcdsa = verifyEcdsaInPool,
): Promise<Certificate> {
  const paths = await verifyIssuers(issuers, anchors);
  const path = await findPath(leaf, paths, (issuer) => isSignedBy(leaf, issuer, verifyLeaf));

  for (const certificate of path) assertCa(certificate);
  assertPathLengths(path);
  assertLeaf(leaf);
  const certificates = [leaf, ...path];
  certificates.forEach(assertUnderstood);
  for (const certificate of certificates) assertValidAt(certificate, date);
  return leaf;
}

/**
 * From the anchors downwards. The paths that may lead to the leaf: from the last CA certificate, or from each anchor where
 * there is none in between. Only signatures are remembered from one chain to the next; flags, path lengths and dates are
 * judged at each use.
 */
async function verifyIssuers(
  issuers: readonly Certificate[],
  anchors: readonly Certificate[],
): Promise<readonly Path[]> {
  let paths: readonly Path[] = anchors.map((anchor) => [anchor]);
  for (const certificate of issuers.toReversed()) {
    assertCaFlag(certificate);
    const path = await findPath(certificate, paths, (issuer) => isCaSignedBy(certificate, issuer));
    paths = [[certificate, ...path]];
  }
  return paths;
}

/** By name, byte for byte, and by signature: neither alone proves anything. */
async function findPath(
  certificate: Certificate,
  candidates: readonly Path[],
  isSigned: (issuer: Certificate) => Promise<boolean>,
): Promise<Path> {
  for (const path of candidates) {
    const [issuer] = path;
    if (equalBytes(issuer.subject, certificate.issuer) && (await isSigned(issuer))) return path;
  }
  throw untrusted('the certificate chain does not lead to a trusted root');
}

/** RFC 5280 §6.1.4 (k), (n). */
function assertCa(certificate: Certificate): void {
  assertCaFlag(certificate);
  if (!allowsKeyUsage(certificate, KeyUsage.keyCertSign)) {
    throw untrusted('a CA certificate may not sign certificates');
  }
}

/** RFC 5280 §6.1.4 (l), (m). */
function assertPathLengths(path: Path): void {
  let caCertificatesBelow = 0;
  for (const { pathLength } of path) {
    if (pathLength !== undefined && pathLength < caCertificatesBelow) {
      throw untrusted('the certificate chain is longer than one of its CA certificates allows');
    }
    caCertificatesBelow += 1;
  }
}

function assertCaFlag(certificate: Certificate): void {
  if (!certificate.isCa) throw untrusted('a certificate above the leaf is not a CA certificate');
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
