import type { AttestationAuthority } from './certificates/attestation-authority.js';
import type { ReceiptSubject } from './receipts/receipt-payload.js';

/** What Apple's servers know of a device: which one it is, and the risk metric that a test gave it. */
export interface AttestingDevice {
  riskMetric: number | undefined;
}

/** What Apple's servers do for a device: the view that a virtual device has of its virtual Apple. */
export interface AppleServices {
  readonly attestationAuthority: AttestationAuthority;
  now(): Date;
  /** A receipt for a key of `device` that has just been attested. */
  issueReceipt(device: AttestingDevice, keyId: string, subject: ReceiptSubject): Promise<Uint8Array>;
}
