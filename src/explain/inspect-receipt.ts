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
  /** Apple's name for the environment: `"production"` or `"sandbox"` in all recordings. */
  environment?: string;
  /** The certificates in the receipt, in their order: in all recordings that of the signer, its issuer, and the root. */
  certificates: InspectedCertificate[];
  /** Messages about the parts that cannot be decoded. Empty if `verifyReceipt` can decode the receipt. */
  problems: string[];
}

/**
 * Decodes a receipt for logs and tools. Verifies nothing, and does not throw for malformed contents: parts that cannot be
 * decoded are missing from the result and listed in `problems`.
 *
 * @param receipt base64 or base64url text, or bytes
 * @throws AppAttestError `invalid_argument` for a value of another type, or if the packages that decode receipts cannot be
 * loaded
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
