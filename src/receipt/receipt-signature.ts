import { createHash } from 'node:crypto';
import type { Certificate } from '../certificates/certificate.js';
import { importCertificateKey } from '../certificates/certificate-key.js';
import { equalBytes } from '../encoding/bytes.js';
import { AppAttestError } from '../errors.js';
import { verifyEcdsa } from '../keys/ecdsa.js';
import type { SignedData } from './signed-data.js';

/**
 * Verifies the signature of a receipt (RFC 5652 §5.4 and §5.6). Without signed attributes, the signature covers the content.
 * With signed attributes, the signature covers these attributes, and one attribute is the digest of the content.
 *
 * An attacker cannot present signed attributes as content, because attributes do not decode as receipt fields.
 *
 * @throws AppAttestError `invalid_signature`
 */
export function assertReceiptSignature(signedData: SignedData, signer: Certificate): void {
  const { content, signedAttributes, signature, hash } = signedData;
  if (hash === undefined) throw invalid('the receipt is not signed with ECDSA and SHA-256, SHA-384 or SHA-512');
  if (signedAttributes) {
    const digest = createHash(hash).update(content).digest();
    if (!equalBytes(digest, signedAttributes.messageDigest))
      throw invalid('the message digest does not match the content of the receipt');
  }
  const message = signedAttributes?.bytes ?? content;
  const publicKey = importCertificateKey(signer, 'the signer', invalid);
  if (!verifyEcdsa(hash, message, publicKey, signature)) throw invalid('the signature of the receipt is invalid');
}

function invalid(message: string, cause?: unknown): AppAttestError {
  return new AppAttestError('invalid_signature', message, { cause });
}
