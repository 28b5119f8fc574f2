import { createHash } from 'node:crypto';
import type { Certificate } from '../certificates/certificate.js';
import { importCertificateKey } from '../certificates/certificate-key.js';
import { equalBytes } from '../encoding/bytes.js';
import { AppAttestError } from '../errors.js';
import { verifyEcdsa } from '../keys/ecdsa.js';
import type { SignedData } from './signed-data.js';

/**
 * The signer signed this content: by itself or, where there are signed attributes, by its hash in them (RFC 5652 §5.4
 * and §5.6). Neither can pass for the other: attributes are no receipt fields.
 *
 * @throws AppAttestError `invalid_signature`
 */
export function assertReceiptSignature(signedData: SignedData, signer: Certificate): void {
  const { content, signedAttributes, signature, hash } = signedData;
  if (hash === undefined) throw invalid('the receipt is not signed with ECDSA and SHA-2');
  if (signedAttributes) {
    const digest = createHash(hash).update(content).digest();
    if (!equalBytes(digest, signedAttributes.messageDigest)) throw invalid('the receipt is not what was signed');
  }
  const message = signedAttributes?.bytes ?? content;
  const publicKey = importCertificateKey(signer, 'the signer', invalid);
  if (!verifyEcdsa(hash, message, publicKey, signature)) throw invalid('the signature of the receipt is wrong');
}

function invalid(message: string, cause?: unknown): AppAttestError {
  return new AppAttestError('invalid_signature', message, { cause });
}
