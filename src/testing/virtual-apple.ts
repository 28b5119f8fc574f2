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
  /** The clock of the virtual Apple and its devices. The system clock by default. With a `Date`, the time never changes. */
  now?: Date | (() => Date) | undefined;
}

/**
 * Apple's part of App Attest, in memory. It has its own root certificates, and certifies the keys of virtual devices. A
 * backend that trusts {@link VirtualApple.trustAnchors} accepts evidence of these devices as genuine. So you can test the
 * backend without an iPhone.
 */
export class VirtualApple {
  /** The option `trustAnchors` of `verifyAttestation`: one root certificate, PEM. It replaces Apple App Attestation Root CA. */
  readonly trustAnchors: readonly string[];
  /** The option `trustAnchors` of `verifyReceipt`: one root certificate, PEM. It replaces Apple Root CA - G3. */
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

  /** Creates a fake of `https://data.appattest.apple.com/v1/attestationData`, which exchanges receipts for newer receipts. */
  receiptEndpoint(options: ReceiptEndpointOptions = {}): ReceiptEndpoint {
    return createReceiptEndpoint(this.#receipts, this.#now, options);
  }
}

/**
 * Creates a virtual Apple with new keys, which cannot be exported.
 *
 * If a server trusts the root of a virtual Apple, anyone who can use this virtual Apple can forge evidence for the server. In
 * production, this function therefore throws an error, and `verifyAttestation` and `verifyReceipt` reject the root.
 *
 * A process is in production unless `NODE_ENV` is `test` or `development`, or `APP_ATTEST_VIRTUAL` is `allow`.
 *
 * @throws AppAttestError `invalid_argument` if an option is wrong, and always in production
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
  throw new AppAttestError('invalid_argument', 'now must be a valid Date, or a function that returns a valid Date');
}
