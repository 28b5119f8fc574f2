import { isDate } from 'node:util/types';
import { HOW_TO_ALLOW_VIRTUAL_APPLE, isVirtualAppleAllowed } from '../certificates/virtual-apple.js';
import { encodePem } from '../encoding/pem.js';
import { AppAttestError } from '../errors.js';
import { readKnownOptions } from '../options/known-options.js';
import { isAsynchronous } from '../runtime/asynchronous.js';
import { type AttestationAuthority, createAttestationAuthority } from './certificates/attestation-authority.js';
import { createReceiptAuthority, type ReceiptAuthority } from './certificates/receipt-authority.js';
import { VirtualDevice, type VirtualDeviceOptions } from './device/virtual-device.js';
import {
  createReceiptEndpoint,
  type ReceiptEndpoint,
  type ReceiptEndpointOptions,
} from './receipts/receipt-endpoint.js';
import { ReceiptService } from './receipts/receipt-service.js';

/** Options of {@link createVirtualApple}. */
export interface VirtualAppleOptions {
  /** The clock of Apple and its devices; the system clock by default. A `Date` is a clock that stands still. */
  now?: Date | (() => Date) | undefined;
}

/**
 * Apple's part of App Attest, in memory: a root certificate, the certificates below it, and devices whose evidence they
 * sign. A backend with {@link VirtualApple.trustAnchors} accepts this evidence as genuine, so that it can be tested
 * without an iPhone.
 */
export class VirtualApple {
  /** For `verifyAttestation`, in place of Apple App Attestation Root CA: one certificate, PEM. */
  readonly trustAnchors: readonly string[];
  /** For receipts, in place of Apple Root CA - G3: one certificate, PEM. */
  readonly receiptTrustAnchors: readonly string[];

  readonly #attestationAuthority: AttestationAuthority;
  readonly #receipts: ReceiptService;
  readonly #now: () => Date;

  /** @internal */
  constructor(attestationAuthority: AttestationAuthority, receiptAuthority: ReceiptAuthority, now: () => Date) {
    this.trustAnchors = [encodePem('CERTIFICATE', attestationAuthority.root.certificate)];
    this.receiptTrustAnchors = [encodePem('CERTIFICATE', receiptAuthority.root.certificate)];
    this.#attestationAuthority = attestationAuthority;
    this.#receipts = new ReceiptService(receiptAuthority, now);
    this.#now = now;
  }

  /**
   * Creates a device with an app on it.
   *
   * @throws AppAttestError `invalid_argument`
   */
  async createDevice(options: VirtualDeviceOptions): Promise<VirtualDevice> {
    return new VirtualDevice(
      {
        attestationAuthority: this.#attestationAuthority,
        now: this.#now,
        issueReceipt: (device, keyId, subject) => this.#receipts.attest(device, keyId, subject),
      },
      options,
    );
  }

  /** A fake of `https://data.appattest.apple.com/v1/attestationData`, which exchanges receipts for newer ones. */
  receiptEndpoint(options: ReceiptEndpointOptions = {}): ReceiptEndpoint {
    return createReceiptEndpoint(this.#receipts, this.#now, options);
  }
}

/**
 * Creates a virtual Apple with new keys, which cannot be exported.
 *
 * A server that trusts its root trusts everyone who can run this function. So it does not run in production, and
 * `verifyAttestation` rejects its root there. A process is in production unless `NODE_ENV` is `test` or `development`,
 * or `APP_ATTEST_VIRTUAL` is `allow`.
 *
 * @throws AppAttestError `invalid_argument`, in production too
 *
 * @example
 * ```ts
 * const apple = await createVirtualApple();
 * const device = await apple.createDevice({ appId: 'TEAMID1234.com.example.app', os: 'iOS 27' });
 *
 * const keyId = await device.generateKey();
 * const attestation = await device.attestKey(keyId, sha256(challenge));
 * await verifyAttestation({ attestation, keyId, challenge, appId, trustAnchors: apple.trustAnchors });
 * ```
 */
export async function createVirtualApple(options: VirtualAppleOptions = {}): Promise<VirtualApple> {
  const { now } = readKnownOptions<VirtualAppleOptions>('createVirtualApple', options, { now: 'may be undefined' });
  if (!isVirtualAppleAllowed()) {
    throw new AppAttestError(
      'invalid_argument',
      `a virtual Apple proves nothing and must not run in production; for tests, ${HOW_TO_ALLOW_VIRTUAL_APPLE}`,
    );
  }
  const clock = readClock(now);
  const [attestationAuthority, receiptAuthority] = await Promise.all([
    createAttestationAuthority(clock()),
    createReceiptAuthority(clock()),
  ]);
  return new VirtualApple(attestationAuthority, receiptAuthority, clock);
}

function readClock(now: VirtualAppleOptions['now'] = () => new Date()): () => Date {
  const clock = typeof now === 'function' ? now : () => now;
  const time: unknown = clock();
  if (!isAsynchronous(time) && isDate(time) && !Number.isNaN(time.getTime())) return clock;
  throw new AppAttestError('invalid_argument', 'now must be a valid Date, or return one');
}
