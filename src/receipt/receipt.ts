import { DecodingError } from '../encoding/decoding-error.js';
import { AppAttestError } from '../errors.js';
import { decodeReceiptPayload, type ReceiptPayload } from './receipt-payload.js';
import { decodeSignedData, type SignedData } from './signed-data.js';

/** A receipt whose form has been checked, and nothing else. */
export interface Receipt {
  readonly signedData: SignedData;
  readonly payload: ReceiptPayload;
}

/** Every recording has between 3.7 and 4 KB. */
export const MAX_RECEIPT_LENGTH = 65_536;

/**
 * Decodes a receipt: CMS in BER or DER, and the payload in it.
 *
 * @param receipt At most {@link MAX_RECEIPT_LENGTH} bytes, which must not change any more
 * @throws AppAttestError `malformed_receipt`, `invalid_argument`
 */
export function decodeReceipt(receipt: Uint8Array): Promise<Receipt> {
  return asReceipt(async () => {
    const signedData = await decodeSignedData(receipt);
    return { signedData, payload: decodeReceiptPayload(signedData.content) };
  });
}

/** Runs a decoder; whatever it throws but an `AppAttestError` means that these bytes are no receipt. */
export async function asReceipt<Decoded>(decode: () => Promise<Decoded>): Promise<Decoded> {
  try {
    return await decode();
  } catch (cause) {
    if (cause instanceof AppAttestError) throw cause;
    const reason = cause instanceof DecodingError ? cause.message : 'it cannot be decoded';
    throw new AppAttestError('malformed_receipt', `not a receipt: ${reason}`, { cause });
  }
}
