import { equalBytes } from '../encoding/bytes.js';
import { AppAttestError } from '../errors.js';
import { type VerifyEcdsa, verifyEcdsaInPool } from '../keys/ecdsa.js';
import type { Certificate } from './certificate.js';
import { isCaSignedBy, isSignedBy } from './issuer-signature.js';
import { KeyUsage } from './key-usage.js';
import { untrusted, untrustedIssuer } from './untrusted.js';

/** The leaf comes first. Each certificate is followed by its issuer. The root may be omitted. */
export type CertificateChain = readonly [leaf: Certificate, ...issuers: Certificate[]];

/**
 * A possible issuer of a certificate, followed by the certificates above it. The last certificate is the trust anchor.
 */
type Path = readonly [issuer: Certificate, ...above: Certificate[]];

/**
 * Verifies a certificate chain up to one of the trust anchors, and returns the leaf. `verifyLeaf` verifies the signature of
 * the leaf. All other signatures are verified in the thread pool. The caller must not change the bytes of the certificates
 * afterwards.
 *
 * The checks run in this order:
 * 1. names and signatures, and the CA flags of the issuers in the chain
 * 2. the CA flags of the trust anchor and the leaf, path lengths, key usages and critical extensions
 * 3. the validity of all certificates at `date`
 *
 * Only the trust anchors are trusted. A root in the chain is not trusted. If several anchors have the same name and key,
 * the first such anchor is used.
 *
 * The checks follow RFC 5280 §6.1, without revocation, certificate policies and name constraints. A certificate is rejected
 * if it has policies or name constraints in a critical extension. In recordings, some of Apple's certificates have policies,
 * but in an extension that is not critical. None has name constraints.
 *
 * @throws AppAttestError `untrusted_certificate`, `certificate_expired`
 */
export async function verifyCertificateChain(
  chain: CertificateChain,
  anchors: readonly Certificate[],
  date: Date,
  verifyLeaf: VerifyEcdsa = verifyEcdsaInPool,
): Promise<Certificate> {
  const certificates = await verifyTrust(chain, anchors, verifyLeaf);
  assertValidity(certificates, date);
  return certificates[0];
}

/**
 * Verifies a certificate chain like {@link verifyCertificateChain}, but does not check whether the certificates are
 * valid at a date.
 *
 * @returns the leaf, followed by the certificates above it. The last certificate is the trust anchor
 * @throws AppAttestError `untrusted_certificate`
 */
export async function verifyTrust(
  [leaf, ...issuers]: CertificateChain,
  anchors: readonly Certificate[],
  verifyLeaf: VerifyEcdsa = verifyEcdsaInPool,
): Promise<CertificateChain> {
  const paths = await verifyIssuers(issuers, anchors);
  const path = await findPath(leaf, paths, (issuer) => isSignedBy(leaf, issuer, verifyLeaf));

  for (const certificate of path) assertCa(certificate);
  assertPathLengths(path);
  assertLeaf(leaf);
  const certificates: CertificateChain = [leaf, ...path];
  certificates.forEach(assertUnderstood);
  return certificates;
}

/**
 * Checks that all certificates are valid at a date.
 *
 * @throws AppAttestError `certificate_expired`
 */
export function assertValidity(certificates: CertificateChain, date: Date): void {
  for (const certificate of certificates) assertValidAt(certificate, date);
}

/**
 * Verifies the CA certificates, starting at the trust anchors. Returns the paths of all possible issuers of the leaf. If
 * the chain contains CA certificates, only one path is possible. Otherwise there is one path for each trust anchor.
 * Verified signatures are cached for later chains. Flags, path lengths and dates are checked every time.
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

/**
 * Finds the issuer of a certificate. The names must be equal byte for byte, and the signature must be valid. A matching
 * name alone proves nothing.
 */
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
  // Comparisons with an invalid Date are false, so an invalid Date is rejected.
  if (time >= notBefore.getTime() && time <= notAfter.getTime()) return;
  throw new AppAttestError('certificate_expired', 'a certificate has expired or is not yet valid', {
    expected: `a date from ${isoDate(notBefore)} to ${isoDate(notAfter)}`,
    actual: isoDate(date),
  });
}

function isoDate(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'an invalid date' : date.toISOString();
}
