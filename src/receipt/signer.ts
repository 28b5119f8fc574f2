import { type Certificate, decodeCertificate } from '../certificates/certificate.js';
import type { CertificateChain } from '../certificates/certificate-chain.js';
import { equalBytes } from '../encoding/bytes.js';
import { AppAttestError } from '../errors.js';
import type { SignedData, SignerIdentifier } from './signed-data.js';

/** The extension of certificates that may sign receipts. Observed: its value carries no information. */
const RECEIPT_SIGNING = '1.2.840.113635.100.12.15';
const SUBJECT_KEY_IDENTIFIER = '2.5.29.14';

/** The tag of an OCTET STRING; one octet for the length follows if it has fewer than 128 bytes. */
const OCTET_STRING = 0x04;

/** The maximum number of CA certificates between signer and trust anchor. Apple has one. */
const MAX_ISSUERS = 3;

/**
 * The certificate of the signer and its issuers, in the order that `verifyCertificateChain` expects. The path is found by
 * names alone and proves nothing yet: CMS holds a set of certificates, in any order and possibly with unrelated ones. The
 * path ends below a trust anchor, so a root in the set is never used.
 *
 * @throws DecodingError if one of them is not a certificate
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
 * Apple uses the same root and intermediate for many purposes. Only a certificate with this extension is for receipts.
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
