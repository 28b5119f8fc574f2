import { DecodingError } from '../encoding/decoding-error.js';
import { AppAttestError } from '../errors.js';
import { decodeReceiptPayload, type ReceiptPayload } from './receipt-payload.js';
import { decodeSignedData, type SignedData } from './signed-data.js';

/** A decoded receipt. It is well-formed but not verified. */
export interface Receipt {
  readonly signedData: SignedData;
  readonly payload: ReceiptPayload;
}

/** The maximum length of a receipt, in bytes. All recorded receipts have 3.6 to 4 KB. */
export const MAX_RECEIPT_LENGTH = 65_536;

/**
 * Decodes a receipt and its payload. A receipt is a CMS (Cryptographic Message Syntax) message in BER or DER, which are
 * encodings of ASN.1.
 *
 * @param receipt At most {@link MAX_RECEIPT_LENGTH} bytes, which must not change afterwards
 * @throws AppAttestError `malformed_receipt`. `invalid_argument` if the packages that decode receipts cannot be loaded
 */
export function decodeReceipt(receipt: Uint8Array): Promise<Receipt> {
  return asReceipt(async () => {
    const signedData = await decodeSignedData(receipt);
    return { signedData, payload: decodeReceiptPayload(signedData.content) };
  });
}

/** Runs a decoder. Any error other than an `AppAttestError` becomes `malformed_receipt`. */
export async function asReceipt<Decoded>(decode: () => Promise<Decoded>): Promise<Decoded> {
  try {
    return await decode();
  } catch (cause) {
    if (cause instanceof AppAttestError) throw cause;
    const reason = cause instanceof DecodingError ? cause.message : 'it cannot be decoded';
    throw new AppAttestError('malformed_receipt', `not a receipt: ${reason}`, { cause });
  }
}
