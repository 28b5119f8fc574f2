import type { AttestationAuthority } from './certificates/attestation-authority.js';
import type { ReceiptSubject } from './receipts/receipt-payload.js';

/** A device as Apple's servers know it. A test may set its risk metric. */
export interface AttestingDevice {
  riskMetric: number | undefined;
}

/** What Apple's servers do for a device: the interface of a virtual Apple to its virtual devices. */
export interface AppleServices {
  readonly attestationAuthority: AttestationAuthority;
  now(): Date;
  /** Issues a receipt for a key of `device` that was just attested. */
  issueReceipt(device: AttestingDevice, keyId: string, subject: ReceiptSubject): Promise<Uint8Array>;
}
