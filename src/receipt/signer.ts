import { type Certificate, decodeCertificate } from '../certificates/certificate.js';
import type { CertificateChain } from '../certificates/certificate-chain.js';
import { equalBytes } from '../encoding/bytes.js';
import { AppAttestError } from '../errors.js';
import type { SignedData, SignerIdentifier } from './signed-data.js';

/** The extension of certificates that may sign receipts. In the receipts recorded from real devices, its value is NULL. */
const RECEIPT_SIGNING = '1.2.840.113635.100.12.15';
const SUBJECT_KEY_IDENTIFIER = '2.5.29.14';

/** The tag of an OCTET STRING. One byte for the length follows if the string has fewer than 128 bytes. */
const OCTET_STRING = 0x04;

/** The maximum number of CA certificates between the signer and the trust anchor. Apple's receipts have one. */
const MAX_ISSUERS = 3;

/**
 * Returns the certificate of the signer and its issuers, in the order that `verifyCertificateChain` expects. The certificates
 * in a receipt may be in any order, and some may be unrelated. This function verifies no signatures, so the chain proves
 * nothing before `verifyCertificateChain` has verified it. The chain ends at the first certificate whose issuer has the name
 * of a trust anchor. So the root in Apple's receipts is not part of the chain.
 *
 * @throws DecodingError if one of the certificates cannot be decoded
 * @throws AppAttestError `untrusted_certificate`
 */
export function signerChain(
  { signer, certificates: encoded }: SignedData,
  anchors: readonly Certificate[],
): CertificateChain {
  const certificates = encoded.map(decodeCertificate);
  const leaf = certificates.find((candidate) => isSigner(candidate, signer));
  if (!leaf)
    throw new AppAttestError('untrusted_certificate', 'the receipt does not contain the certificate of its signer');

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
 * Checks that a certificate may sign receipts. Apple issues certificates for many purposes below the same root. Only
 * certificates with the extension {@link RECEIPT_SIGNING} are for receipts.
 *
 * @throws AppAttestError `untrusted_certificate`
 */
export function assertReceiptSigner(certificate: Certificate): void {
  if (certificate.extensions.has(RECEIPT_SIGNING)) return;
  throw new AppAttestError(
    'untrusted_certificate',
    'the certificate of the signer is not a receipt signing certificate',
    {
      expected: `extension ${RECEIPT_SIGNING}`,
      actual: 'none',
    },
  );
}
