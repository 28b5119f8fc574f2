import { pemOfPoint } from '../keys/public-key.js';
import { readEvidence } from '../options/evidence.js';
import { MAX_RECEIPT_LENGTH } from '../receipt/receipt.js';
import { decodeReceiptPayload } from '../receipt/receipt-payload.js';
import { decodeSignedData } from '../receipt/signed-data.js';
import type { VerifiedReceipt } from '../receipt/verify-receipt.js';
import { type InspectedCertificate, inspectCertificate } from './inspect-certificate.js';
import { Inspection } from './inspection.js';

/** A receipt, taken apart and not verified: nothing in it is known to be true. */
export interface InspectedReceipt extends Partial<Omit<VerifiedReceipt, 'environment'>> {
  /** As Apple calls it: `"production"` or `"sandbox"` in every recording. */
  environment?: string;
  /** Those that came along, in their order; in every recording the signer's, the one above it, and the root. */
  certificates: InspectedCertificate[];
  /** What could not be decoded, in sentences. Empty for a receipt that `verifyReceipt` would look at. */
  problems: string[];
}

/**
 * Takes a receipt apart, for logs and tools. Verifies nothing, and does not throw for odd contents: what cannot be
 * decoded is missing from the result and named in `problems`.
 *
 * @param receipt base64 or base64url text, or bytes
 * @throws AppAttestError `invalid_argument` for a value of another type, or where the packages that read receipts cannot be
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
