import { type Certificate, decodeCertificate } from '../certificates/certificate.js';
import type { CertificateChain } from '../certificates/certificate-chain.js';
import { equalBytes } from '../encoding/bytes.js';
import { AppAttestError } from '../errors.js';
import type { SignedData, SignerIdentifier } from './signed-data.js';

/** Apple's mark on the certificates that may sign receipts. Observed: the extension has no contents that mean anything. */
const RECEIPT_SIGNING = '1.2.840.113635.100.12.15';
const SUBJECT_KEY_IDENTIFIER = '2.5.29.14';

/** The head of an OCTET STRING of fewer than 128 bytes. */
const OCTET_STRING = 0x04;

/** The most CA certificates that may lead from the signer up to a trust anchor; Apple has one, and then its root. */
const MAX_ISSUERS = 3;

/**
 * The signer's certificate and those above it, in the order in which `verifyCertificateChain` wants them. A path by
 * names alone, which proves nothing yet: the certificates come as a set, in any order, with others among them. It ends
 * below a trust anchor, so that a root that comes along is never looked at.
 *
 * @throws DecodingError where any of them is no certificate
 * @throws AppAttestError `untrusted_certificate`
 */
export function signerChain(
  { signer, certificates: encoded }: SignedData,
  anchors: readonly Certificate[],
): CertificateChain {
  const certificates = encoded.map(decodeCertificate);
  const leaf = certificates.find((candidate) => isSigner(candidate, signer));
  if (!leaf) throw new AppAttestError('untrusted_certificate', 'the certificate of the signer is missing');

  const issuers: Certificate[] = [];
  let last = leaf;
  while (issuers.length < MAX_ISSUERS && !anchors.some(({ subject }) => equalBytes(subject, last.issuer))) {
    const issuer = certificates.find(({ subject }) => equalBytes(subject, last.issuer));
    if (!issuer) break;
    issuers.push(issuer);
    last = issuer;
  }
  return [leaf, ...issuers];
}

function isSigner(candidate: Certificate, signer: SignerIdentifier): boolean {
  if ('issuer' in signer) {
    return equalBytes(candidate.issuer, signer.issuer) && equalBytes(candidate.serialNumber, signer.serialNumber);
  }
  const { subjectKeyIdentifier: id } = signer;
  const extension = candidate.extensions.get(SUBJECT_KEY_IDENTIFIER);
  return extension !== undefined && equalBytes(extension, Buffer.concat([Uint8Array.of(OCTET_STRING, id.length), id]));
}

/**
 * Apple signs much under the same root and the same intermediate; only this certificate is for receipts.
 *
 * @throws AppAttestError `untrusted_certificate`
 */
export function assertReceiptSigner(certificate: Certificate): void {
  if (certificate.extensions.has(RECEIPT_SIGNING)) return;
  throw new AppAttestError('untrusted_certificate', 'the certificate of the signer is not for receipts', {
    expected: `extension ${RECEIPT_SIGNING}`,
    actual: 'none',
  });
}
