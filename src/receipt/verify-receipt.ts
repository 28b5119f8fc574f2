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

/** Options of {@link verifyReceipt}: the receipt, and what the server expects of it. `undefined` never turns off a check. */
export interface VerifyReceiptOptions {
  /** The receipt from an attestation or from Apple's server: base64 or base64url text, or bytes. At most 64 KiB. */
  receipt: string | Uint8Array;
  /** The app or apps whose receipts are accepted. */
  appId: AppId | readonly AppId[];
  /**
   * The attested key, as `verifyAttestation` returned it: PEM, SubjectPublicKeyInfo DER, a 65-byte point or a
   * `KeyObject`. Without it, the receipt of any key of the app is accepted. Omit it only if you look up the key by the
   * `publicKey` of the result.
   */
  publicKey?: string | Uint8Array | KeyObject;
  /**
   * The challenge of the attestation, exactly as the app hashed it: text (hashed as UTF-8) or bytes. Use it for the
   * receipt of an attestation, which Apple advises to compare with the challenge. A receipt of type `'RECEIPT'` is then
   * rejected, because its `clientHash` is not the original one. Without `challenge` or `clientDataHash`, the receipt of any
   * challenge is accepted.
   */
  challenge?: string | Uint8Array;
  /** The bytes that the app passed to `attestKey` as `clientDataHash`, instead of `challenge`. At most 64 KiB. */
  clientDataHash?: Uint8Array;
  /**
   * The accepted type: `'ATTEST'` for the receipt of an attestation, `'RECEIPT'` for one from `refreshReceipt`. Both by
   * default.
   */
  type?: ReceiptType;
  /** The accepted environments. `'production'` by default. */
  environment?: Environment | readonly Environment[] | undefined;
  /**
   * The maximum age of the receipt, in seconds; no limit by default. Apple advises less than 300 for
   * the receipt of an attestation.
   */
  maxAge?: number;
  /**
   * The time at which expiration and age are checked. Now by default. Certificates must be valid at the creation time of
   * the receipt.
   */
  date?: Date | undefined;
  /**
   * The roots to trust instead of Apple Root CA - G3, as PEM text or DER bytes. For tests; never trust a test root in
   * production.
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

/** What Apple states in a receipt about an attested key and its device. */
export interface VerifiedReceipt {
  /** `'ATTEST'` for the receipt of an attestation, `'RECEIPT'` for one from `refreshReceipt`. */
  type: ReceiptType;
  /** The accepted app that made the key. */
  appId: string;
  /** The environment in which the key was attested. */
  environment: Environment;
  /**
   * The bytes that the app passed to `attestKey` as `clientDataHash`. Compare them only in an `'ATTEST'`: in a `'RECEIPT'`,
   * a text decoder on Apple's side has replaced everything that is not UTF-8 with EF BF BD (observed).
   */
  clientHash: Uint8Array;
  /** Apple's token for the key: the same in all its receipts. */
  token: string;
  /** When Apple created the receipt. */
  creationTime: Date;
  /** Apple issues no newer receipt before this time. Absent if it does so at once. */
  notBefore?: Date;
  /** Apple issues no newer receipt after this time: 90 days after the creation in all recordings. */
  expirationTime: Date;
  /** About how many keys the device attested in the last 30 days. Only in a `'RECEIPT'`. */
  riskMetric?: number;
  /** The attested key: SubjectPublicKeyInfo as PEM. */
  publicKey: string;
}

/**
 * Decoding a receipt and verifying its signatures takes a few milliseconds. Waiting receipts hold at most 32 MiB, 64 KiB
 * each, and the same amount again if each has the longest `clientDataHash`.
 */
const turnstile = new Turnstile({ width: threadPoolSize(), waiting: 512, patience: 5 });

/**
 * Verifies that a receipt comes from Apple and belongs to this app and this key, and returns its fields.
 * `verifyAttestation` does not verify the receipt in an attestation; see the example.
 *
 * The steps are numbered as on Apple's page. Comments mark the additional checks.
 *
 * @throws AppAttestError with one of these codes:
 * - `invalid_argument`: the options are wrong, not the receipt; or the packages that decode receipts cannot be loaded
 * - `overloaded`: 512 receipts are already waiting, or this one waited for five seconds. Nothing was decided; try again
 *   after `retryAfter` seconds
 * - `malformed_receipt`: not an App Attest receipt
 * - `untrusted_certificate`, `certificate_expired`, `invalid_signature`: step 1
 * - `app_id_mismatch`: step 2
 * - `receipt_key_mismatch`: step 3
 * - `receipt_challenge_mismatch`: issued for another challenge, or of another type than `type`
 * - `environment_mismatch`: the environment is not accepted, for example that of a build from Xcode, or is missing
 * - `receipt_expired`: expired, created more than five minutes after `date`, or with an expiration before its creation
 * - `receipt_too_old`: older than `maxAge`
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

/** Checks and copies the options. Nothing that the caller can change is read again later. */
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

  // 1. Apple's receipt signer signed it. Its certificate, valid for about a year, must be valid at the time of signing.
  const chain = await asReceipt(async () => signerChain(signedData, anchors));
  const signer = await verifyCertificateChain(chain, anchors, payload.creationTime);
  assertReceiptSigner(signer);
  assertReceiptSignature(signedData, signer);

  // 2. The receipt belongs to an accepted app.
  assertReceiptAppId(payload.appId, appIds);

  // 3. The receipt belongs to this key.
  if (publicKey) assertReceiptKey(payload.publicKeyPoint, publicKey);

  // The receipt has the expected type, and was issued for this challenge. Apple advises both for that of an attestation.
  assertReceiptType(payload.type, type);
  if (clientDataHash) assertReceiptClientHash(payload, clientDataHash);

  // Beyond Apple's list: the receipt comes from an accepted environment.
  const environment = assertReceiptEnvironment(payload.environment, environments);

  // 4. The receipt has not expired, and is not older than the caller accepts.
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

/** Both are optional, but passing both is an error. */
function readReceiptClientDataHash({ challenge, clientDataHash }: VerifyReceiptOptions): Uint8Array | undefined {
  if (challenge === undefined && clientDataHash === undefined) return undefined;
  return readClientDataHash('challenge', challenge, clientDataHash);
}
