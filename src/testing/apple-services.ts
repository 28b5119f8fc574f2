import type { AttestationAuthority } from './certificates/attestation-authority.js';
import type { ReceiptSubject } from './receipts/receipt-payload.js';

/** A device that attests keys with the virtual Apple. A test may set its risk metric. */
export interface AttestingDevice {
  riskMetric: number | undefined;
}

/** The services of a virtual Apple for its virtual devices. */
export interface AppleServices {
  readonly attestationAuthority: AttestationAuthority;
  now(): Date;
  /** Issues a receipt for a key of `device` that was just attested. */
  issueReceipt(device: AttestingDevice, keyId: string, subject: ReceiptSubject): Promise<Uint8Array>;
}
