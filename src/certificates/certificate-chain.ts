import { equalBytes } from '../encoding/bytes.js';
import { AppAttestError } from '../errors.js';
import { type VerifyEcdsa, verifyEcdsaInPool } from '../keys/ecdsa.js';
import type { Certificate } from './certificate.js';
import { isCaSignedBy, isSignedBy } from './issuer-signature.js';
import { KeyUsage } from './key-usage.js';
import { untrusted, untrustedIssuer } from './untrusted.js';

/** The leaf first, each certificate followed by its issuer; the root may be omitted. */
export type CertificateChain = readonly [leaf: Certificate, ...issuers: Certificate[]];

/** A possible issuer, followed by the certificates above it up to and including the trust anchor. */
type Path = readonly [issuer: Certificate, ...above: Certificate[]];

/**
 * Verifies a certificate chain up to one of the trust anchors, and returns the leaf. Signatures are verified in the thread
 * pool, except that `verifyLeaf` verifies the signature of the leaf. The bytes from which the certificates were decoded
 * must not change afterwards.
 *
 * Names, CA flags and signatures are verified first, then path lengths, key usages and critical extensions, then the
 * validity of all certificates at `date`. Only the trust anchors themselves are trusted: a root in the chain proves
 * nothing. If several anchors have the same name and key, the first one is used. RFC 5280 §6.1, without policies and name
 * constraints: Apple's hierarchy has none, and critical ones are rejected.
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
 * Verifies the CA certificates from the anchors downwards. Returns the paths to possible issuers of the leaf: the path to
 * the last CA certificate, or one to each anchor if there is none in between. Only verified signatures are remembered for
 * later chains; flags, path lengths and dates are checked every time.
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

/** Finds the issuer by name, byte for byte, and by signature: neither alone proves anything. */
async function findPath(
  certificate: Certificate,
  candidates: readonly Path[],
  isSigned: (issuer: Certificate) => Promise<boolean>,
): Promise<Path> {
  for (const path of candidates) {
    const [issuer] = path;
    if (equalBytes(issuer.subject, certificate.issuer) && (await isSigned(issuer))) return path;
  }
  throw untrustedIssuer(
    certificate,
    candidates.map(([issuer]) => issuer),
  );
}

/** RFC 5280 §6.1.4 (k), (n). */
function assertCa(certificate: Certificate): void {
  assertCaFlag(certificate);
  if (!allowsKeyUsage(certificate, KeyUsage.keyCertSign)) {
    throw untrusted('the key usage of a CA certificate does not allow signing certificates');
  }
}

/** RFC 5280 §6.1.4 (l), (m). */
function assertPathLengths(path: Path): void {
  let caCertificatesBelow = 0;
  for (const { pathLength } of path) {
    if (pathLength !== undefined && pathLength < caCertificatesBelow) {
      throw untrusted('the certificate chain is longer than the path length of a CA certificate allows');
    }
    caCertificatesBelow += 1;
  }
}

function assertCaFlag(certificate: Certificate): void {
  if (!certificate.isCa) throw untrusted('a certificate above the leaf is not a CA certificate');
}

function assertLeaf(certificate: Certificate): void {
  if (certificate.isCa) throw untrusted('the leaf is a CA certificate');
  if (!allowsKeyUsage(certificate, KeyUsage.digitalSignature))
    throw untrusted('the key usage of the leaf does not allow signing');
}

function allowsKeyUsage({ keyUsage }: Certificate, flag: number): boolean {
  return keyUsage === undefined || (keyUsage & flag) !== 0;
}

/** RFC 5280 §4.2: a certificate with an unknown critical extension must be rejected. */
function assertUnderstood({ unknownCriticalExtensions: [unknown] }: Certificate): void {
  if (unknown !== undefined) throw untrusted(`a certificate has the unknown critical extension ${unknown}`);
}

function assertValidAt({ notBefore, notAfter }: Certificate, date: Date): void {
  const time = date.getTime();
  // An invalid Date compares as false, and is therefore rejected.
  if (time >= notBefore.getTime() && time <= notAfter.getTime()) return;
  throw new AppAttestError('certificate_expired', 'a certificate has expired or is not yet valid', {
    expected: `a date from ${isoDate(notBefore)} to ${isoDate(notAfter)}`,
    actual: isoDate(date),
  });
}

function isoDate(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'an invalid date' : date.toISOString();
}
