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

/** The period over which Apple counts the keys of a device, in milliseconds. */
const RISK_WINDOW = 30 * DAY;

/** The device and the key of an issued receipt. */
export interface IssuedReceipt {
  readonly device: AttestingDevice;
  readonly subject: ReceiptSubject;
  /**
   * The time from which the receipt can be exchanged. `undefined` for the receipt of an attestation, which can be
   * exchanged immediately.
   */
  readonly refreshableFrom: Date | undefined;
}

/** Signs receipts, and stores all receipts and the times of attestations. */
export class ReceiptService {
  readonly #authority: ReceiptAuthority;
  readonly #now: () => Date;
  /** The issued receipts, by the base64 of the receipt. */
  readonly #issued = new Map<string, IssuedReceipt>();
  /** When each key was last attested, by device and key identifier. */
  readonly #attestations = new WeakMap<AttestingDevice, Map<string, Date>>();

  constructor(authority: ReceiptAuthority, now: () => Date) {
    this.#authority = authority;
    this.#now = now;
  }

  /** Issues the receipt of an attestation. */
  async attest(device: AttestingDevice, keyId: string, subject: ReceiptSubject): Promise<Uint8Array> {
    const now = this.#now();
    this.#attestations.set(device, new Map(this.#attestations.get(device)).set(keyId, now));
    return this.#sign(attestReceiptPayload(subject, now), { device, subject, refreshableFrom: undefined });
  }

  /** Finds an issued receipt by its base64. */
  find(receipt: string): IssuedReceipt | undefined {
    return this.#issued.get(receipt);
  }

  /** Issues the next receipt, with the current risk metric. */
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
