import { pemOfPoint } from '../keys/public-key.js';
import { readEvidence } from '../options/evidence.js';
import { MAX_RECEIPT_LENGTH } from '../receipt/receipt.js';
import { decodeReceiptPayload } from '../receipt/receipt-payload.js';
import { decodeSignedData } from '../receipt/signed-data.js';
import type { VerifiedReceipt } from '../receipt/verify-receipt.js';
import { type InspectedCertificate, inspectCertificate } from './inspect-certificate.js';
import { Inspection } from './inspection.js';

/** A decoded receipt. Nothing in it is verified. */
export interface InspectedReceipt extends Partial<Omit<VerifiedReceipt, 'environment'>> {
  /** Apple's name for the environment. In all recorded receipts, it is `"production"` or `"sandbox"`. */
  environment?: string;
  /**
   * The certificates in the receipt, in their original order. In all recorded receipts, they are the signer's certificate, its
   * issuer and the root.
   */
  certificates: InspectedCertificate[];
  /**
   * One message for each part that cannot be decoded. If `verifyReceipt` can decode the receipt, only extensions of
   * certificates can cause a message.
   */
  problems: string[];
}

/**
 * Decodes a receipt for logs and tools. Nothing is verified. Malformed contents do not cause an error. Parts that cannot be
 * decoded are missing from the result, and `problems` describes them.
 *
 * @param receipt base64 or base64url text, or bytes
 * @throws AppAttestError `invalid_argument` for a value of another type, or if the packages that decode receipts cannot be
 *   loaded
 *
 * @example
 * ```ts
 * const { type, riskMetric, expirationTime, problems } = await inspectReceipt(key.receipt);
 * console.log(type, riskMetric, expirationTime, problems);
 * ```
 */
export async function inspectReceipt(receipt: string | Uint8Array): Promise<InspectedReceipt> {
  const inspection = new Inspection();
  const inspected: InspectedReceipt = { certificates: [], problems: inspection.problems };
  const bytes = inspection.attempt('receipt', () => readEvidence(receipt, 'receipt', MAX_RECEIPT_LENGTH));
  const signedData = bytes && (await inspection.attemptLater('receipt', () => decodeSignedData(bytes)));
  if (!signedData) return inspected;

  for (const [index, der] of signedData.certificates.entries()) {
    const certificate = inspectCertificate(der, `certificate ${index}`, inspection);
    if (certificate) inspected.certificates.push(certificate);
  }
  const payload = inspection.attempt('payload', () => decodeReceiptPayload(signedData.content));
  if (!payload) return inspected;
  const { publicKeyPoint, ...fields } = payload;
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  return { ...inspected, ...Object.fromEntries(known), publicKey: pemOfPoint(publicKeyPoint) };
}
