import type { KeyObject } from 'node:crypto';
import { APPLE_ROOT_CA_G3 } from '../certificates/apple-roots.js';
import { verifyCertificateChain } from '../certificates/certificate-chain.js';
import { readTrustAnchors } from '../certificates/trust-anchors.js';
import { pemOfPoint, readPublicKey } from '../keys/public-key.js';
import { type AppId, readAppIds } from '../options/app-id.js';
import { readClientDataHash } from '../options/client-data-hash.js';
import { type Environment, readEnvironments } from '../options/environment.js';
import { readEvidence } from '../options/evidence.js';
import { type KnownOptions, readKnownOptions } from '../options/known-options.js';
import { readVerificationDate } from '../options/verification-date.js';
import { threadPoolSize } from '../runtime/thread-pool.js';
import { Turnstile } from '../runtime/turnstile.js';
import { asReceipt, decodeReceipt, MAX_RECEIPT_LENGTH } from './receipt.js';
import type { ReceiptType } from './receipt-payload.js';
import { assertReceiptSignature } from './receipt-signature.js';
import {
  assertReceiptAppId,
  assertReceiptClientHash,
  assertReceiptEnvironment,
  assertReceiptKey,
  assertReceiptType,
  readReceiptType,
} from './receipt-subject.js';
import { assertAge, assertNotExpired, readMaxAge } from './receipt-time.js';
import { assertReceiptSigner, signerChain } from './signer.js';

/**
 * Options of {@link verifyReceipt}: the receipt, and the values that the server expects. An option that turns on a check can
 * be omitted, but its value must not be `undefined`.
 */
export interface VerifyReceiptOptions {
  /** The receipt from an attestation or from Apple's server: base64 or base64url text, or bytes. At most 64 KiB. */
  receipt: string | Uint8Array;
  /** The app or apps whose receipts are accepted. */
  appId: AppId | readonly AppId[];
  /**
   * The attested key, from `verifyAttestation`: PEM, SubjectPublicKeyInfo DER, a 65-byte point or a `KeyObject`. Without
   * `publicKey`, a receipt for any key of the app is accepted. Omit `publicKey` only if you find the stored key by the
   * `publicKey` in the result.
   */
  publicKey?: string | Uint8Array | KeyObject;
  /**
   * The challenge of the attestation, exactly as the app hashed it: text (hashed as UTF-8) or bytes. Without `challenge` and
   * `clientDataHash`, a receipt for any challenge is accepted.
   *
   * Apple advises this check for the receipt in an attestation. Do not pass `challenge` for a receipt of type `'RECEIPT'`.
   * Apple changes the `clientHash` of such a receipt, so the receipt would be rejected.
   */
  challenge?: string | Uint8Array;
  /** Instead of `challenge`: the bytes that the app passed to `attestKey` as `clientDataHash`. At most 64 KiB. */
  clientDataHash?: Uint8Array;
  /**
   * The accepted type: `'ATTEST'` for a receipt in an attestation, `'RECEIPT'` for a receipt from `refreshReceipt`. By
   * default, both types are accepted.
   */
  type?: ReceiptType;
  /** The accepted environments. `'production'` by default. */
  environment?: Environment | readonly Environment[] | undefined;
  /**
   * The maximum age of the receipt, in seconds. No limit by default. For the receipt in an attestation, Apple advises less
   * than 300 seconds.
   */
  maxAge?: number;
  /**
   * The current time, to check expiration and age. The system clock by default. Certificates must be valid at the creation
   * time of the receipt, so `date` has no effect on them.
   */
  date?: Date | undefined;
  /**
   * For tests only: the root certificates that replace Apple Root CA - G3, as PEM text or DER bytes.
   */
  trustAnchors?: readonly (string | Uint8Array)[] | undefined;
}

const KNOWN_OPTIONS: KnownOptions<VerifyReceiptOptions> = {
  receipt: 'never undefined',
  appId: 'never undefined',
  publicKey: 'never undefined',
  challenge: 'never undefined',
  clientDataHash: 'never undefined',
  type: 'never undefined',
  environment: 'may be undefined',
  maxAge: 'never undefined',
  date: 'may be undefined',
  trustAnchors: 'may be undefined',
};

/** Result of {@link verifyReceipt}: Apple's statements about an attested key and its device. */
export interface VerifiedReceipt {
  /** `'ATTEST'` for a receipt in an attestation, `'RECEIPT'` for a receipt from `refreshReceipt`. */
  type: ReceiptType;
  /** The App ID of the accepted app that generated the key. */
  appId: string;
  /** The environment in which the key was attested. */
  environment: Environment;
  /**
   * In an `'ATTEST'`: the bytes that the app passed to `attestKey` as `clientDataHash`. In a `'RECEIPT'`, Apple has decoded
   * these bytes as UTF-8 text. In all recorded receipts, EF BF BD stands in place of each invalid sequence.
   */
  clientHash: Uint8Array;
  /** Apple's token for the key. All recorded receipts of a key have the same token. */
  token: string;
  /** When Apple created the receipt. */
  creationTime: Date;
  /** The time from which Apple issues a newer receipt. If absent, Apple issues a newer receipt immediately. */
  notBefore?: Date;
  /** The time until which Apple issues a newer receipt. In all recorded receipts, it is 90 days after the creation. */
  expirationTime: Date;
  /** The approximate number of keys that the device attested in the last 30 days. Only in a `'RECEIPT'`. */
  riskMetric?: number;
  /** The attested key, SubjectPublicKeyInfo as PEM. */
  publicKey: string;
}

/**
 * Limits the number of concurrent verifications, because each verification takes a few milliseconds. Each waiting receipt
 * uses at most 64 KiB of memory, so 512 waiting receipts use at most 32 MiB. With the longest `clientDataHash`, the memory
 * doubles.
 */
const turnstile = new Turnstile({ width: threadPoolSize(), waiting: 512, patience: 5 });

/**
 * Verifies that a receipt comes from Apple and belongs to an accepted app. With `publicKey`, also verifies that the receipt
 * belongs to this key. Returns the fields of the receipt. `verifyAttestation` does not verify the receipt in an attestation.
 * The example shows how to verify it.
 *
 * The field numbers below are those of Apple's page.
 *
 * @throws AppAttestError with one of these codes:
 * - `invalid_argument`: the options are wrong, not the receipt. Also thrown if the packages that decode receipts cannot be
 *   loaded
 * - `overloaded`: 512 receipts are already waiting, or this receipt waited for five seconds. The receipt was not
 *   verified. Try again after `retryAfter` seconds
 * - `malformed_receipt`: `receipt` is not an App Attest receipt
 * - `untrusted_certificate`, `certificate_expired`, `invalid_signature`: Apple's receipt signer did not sign the receipt, or
 *   the signer's certificate was not valid when the receipt was created
 * - `app_id_mismatch`: the receipt belongs to another app (field 2)
 * - `receipt_key_mismatch`: the receipt belongs to another key (field 3)
 * - `receipt_challenge_mismatch`: the receipt was issued for another challenge (field 4), or does not have the type that the
 *   option `type` requires (field 6)
 * - `environment_mismatch`: the environment is missing or not accepted, for example if the app was started from Xcode
 * - `receipt_expired`: the receipt has expired (field 21), was created more than five minutes after `date`, or expires before
 *   its creation
 * - `receipt_too_old`: the receipt is older than `maxAge` (field 12)
 *
 * @example
 * ```ts
 * const key = await verifyAttestation({ attestation, keyId, challenge, appId });
 * const { environment, publicKey, receipt } = key;
 * await verifyReceipt({ receipt, appId, publicKey, challenge, type: 'ATTEST', environment, maxAge: 300 });
 * ```
 *
 * @see https://developer.apple.com/documentation/devicecheck/assessing-fraud-risk
 */
export async function verifyReceipt(passed: VerifyReceiptOptions): Promise<VerifiedReceipt> {
  const options = readKnownOptions('verifyReceipt', passed, KNOWN_OPTIONS);
  const expected = readExpected(options);
  const receipt = await asReceipt(async () => readEvidence(options.receipt, 'receipt', MAX_RECEIPT_LENGTH));
  return turnstile.pass(() => verify(receipt, expected));
}

/** Checks and copies the options, so that later changes by the caller have no effect. */
function readExpected(options: VerifyReceiptOptions) {
  return {
    appIds: readAppIds(options.appId),
    publicKey: options.publicKey === undefined ? undefined : readPublicKey(options.publicKey),
    clientDataHash: readReceiptClientDataHash(options),
    type: readReceiptType(options.type),
    environments: readEnvironments(options.environment),
    maxAge: readMaxAge(options.maxAge),
    date: readVerificationDate(options.date),
    anchors: readTrustAnchors(options.trustAnchors, APPLE_ROOT_CA_G3),
  };
}

async function verify(receipt: Uint8Array, expected: ReturnType<typeof readExpected>): Promise<VerifiedReceipt> {
  const { appIds, publicKey, clientDataHash, type, environments, maxAge, date, anchors } = expected;
  const { signedData, payload } = await decodeReceipt(receipt);

  // Apple's receipt signer signed the receipt. The signer's certificate was valid when the receipt was created.
  const chain = await asReceipt(async () => signerChain(signedData, anchors));
  const signer = await verifyCertificateChain(chain, anchors, payload.creationTime);
  assertReceiptSigner(signer);
  assertReceiptSignature(signedData, signer);

  // Field 2: the receipt belongs to an accepted app.
  assertReceiptAppId(payload.appId, appIds);

  // Field 3: the receipt belongs to this key.
  if (publicKey) assertReceiptKey(payload.publicKeyPoint, publicKey);

  // Fields 6 and 4: the receipt has the expected type and was issued for this challenge. Apple advises the check of the
  // challenge for a receipt in an attestation.
  assertReceiptType(payload.type, type);
  if (clientDataHash) assertReceiptClientHash(payload, clientDataHash);

  // Additional check: the receipt comes from an accepted environment.
  const environment = assertReceiptEnvironment(payload.environment, environments);

  // Fields 21 and 12: the receipt has not expired and is not older than `maxAge`.
  assertNotExpired(payload, date);
  assertAge(payload, maxAge, date);

  const { appId, clientHash, token, creationTime, notBefore, expirationTime, riskMetric } = payload;
  return {
    type: payload.type,
    appId,
    environment,
    clientHash,
    token,
    creationTime,
    ...(notBefore && { notBefore }),
    expirationTime,
    ...(riskMetric !== undefined && { riskMetric }),
    publicKey: pemOfPoint(payload.publicKeyPoint),
  };
}

/** `challenge` and `clientDataHash` are optional. Passing both options is an error. */
function readReceiptClientDataHash({ challenge, clientDataHash }: VerifyReceiptOptions): Uint8Array | undefined {
  if (challenge === undefined && clientDataHash === undefined) return undefined;
  return readClientDataHash('challenge', challenge, clientDataHash);
}
