import type { AttestingDevice } from '../apple-services.js';
import type { ReceiptAuthority } from '../certificates/receipt-authority.js';
import { DAY, later } from '../time.js';
import {
  attestReceiptPayload,
  type ReceiptSubject,
  refreshableFrom,
  refreshedReceiptPayload,
} from './receipt-payload.js';
import { signReceipt } from './signed-data.js';

/** The days over which Apple counts the keys of a device. */
const RISK_WINDOW = 30 * DAY;

/** A receipt that was issued, and whom it is about. */
export interface IssuedReceipt {
  readonly device: AttestingDevice;
  readonly subject: ReceiptSubject;
  /** `undefined` for the one that comes with an attestation, which can be exchanged at once. */
  readonly refreshableFrom: Date | undefined;
}

/** Signs receipts, and remembers them and the attestations that they are about. */
export class ReceiptService {
  readonly #authority: ReceiptAuthority;
  readonly #now: () => Date;
  /** By their base64. */
  readonly #issued = new Map<string, IssuedReceipt>();
  /** When each key of a device was attested last. */
  readonly #attestations = new WeakMap<AttestingDevice, Map<string, Date>>();

  constructor(authority: ReceiptAuthority, now: () => Date) {
    this.#authority = authority;
    this.#now = now;
  }

  /** The receipt that comes with an attestation. */
  async attest(device: AttestingDevice, keyId: string, subject: ReceiptSubject): Promise<Uint8Array> {
    const now = this.#now();
    this.#attestations.set(device, new Map(this.#attestations.get(device)).set(keyId, now));
    return this.#sign(attestReceiptPayload(subject, now), { device, subject, refreshableFrom: undefined });
  }

  /** The receipt that was issued as this base64 text, if it was. */
  find(receipt: string): IssuedReceipt | undefined {
    return this.#issued.get(receipt);
  }

  /** The next receipt, with the risk metric of this moment. */
  async refresh({ device, subject }: IssuedReceipt): Promise<Uint8Array> {
    const now = this.#now();
    const riskMetric = device.riskMetric ?? this.#countKeys(device, now);
    const payload = refreshedReceiptPayload(subject, riskMetric, now);
    return this.#sign(payload, { device, subject, refreshableFrom: refreshableFrom(now) });
  }

  #countKeys(device: AttestingDevice, now: Date): number {
    const since = later(now, -RISK_WINDOW);
    const attestedAt = this.#attestations.get(device)?.values() ?? [];
    return [...attestedAt].filter((date) => date > since).length;
  }

  async #sign(payload: Uint8Array, issued: IssuedReceipt): Promise<Uint8Array> {
    const receipt = await signReceipt(payload, this.#authority);
    this.#issued.set(Buffer.from(receipt).toString('base64'), issued);
    return receipt;
  }
}
