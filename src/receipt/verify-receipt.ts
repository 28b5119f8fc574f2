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

/** Options of {@link verifyReceipt}: a receipt, and what the server knows about its key. `undefined` turns no check off. */
export interface VerifyReceiptOptions {
  /** The receipt from an attestation or from Apple's server: base64 or base64url text, or bytes. At most 64 KiB. */
  receipt: string | Uint8Array;
  /** The app, or the apps, whose receipts are accepted. */
  appId: AppId | readonly AppId[];
  /**
   * The attested key, as `verifyAttestation` returned it: PEM, SubjectPublicKeyInfo DER, a 65-byte point or a
   * `KeyObject`. Without it the receipt of any key of the app passes, so leave it out only where you look the key up by
   * the `publicKey` of the result.
   */
  publicKey?: string | Uint8Array | KeyObject;
  /**
   * The challenge of the attestation, exactly as the app hashed it: text (hashed as UTF-8) or bytes. For the receipt that
   * came with the attestation: Apple advises to check that it was issued for the challenge. A receipt of type `'RECEIPT'`
   * is rejected, because its `clientHash` is not what the app passed. Without `challenge` or `clientDataHash` the receipt
   * of any challenge passes.
   */
  challenge?: string | Uint8Array;
  /** In place of `challenge`: what the app passed to `attestKey` as `clientDataHash`. At most 64 KiB. */
  clientDataHash?: Uint8Array;
  /**
   * The type that is accepted: `'ATTEST'` for the receipt that came with an attestation, `'RECEIPT'` for one from
   * `refreshReceipt`. Both by default.
   */
  type?: ReceiptType;
  /** The accepted environments. `'production'` by default. */
  environment?: Environment | readonly Environment[] | undefined;
  /**
   * The most seconds since the receipt was created; any number by default. Apple wants less than 300 of a receipt that
   * comes with an attestation.
   */
  maxAge?: number;
  /** The moment at which expiration and age are judged. Now by default; certificates are judged at the creation time. */
  date?: Date | undefined;
  /** The roots to trust in place of Apple Root CA - G3, PEM text or DER bytes. For tests; never trust a test root in production. */
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

/** What Apple says about an attested key and the device that it lives on. */
export interface VerifiedReceipt {
  /** `'ATTEST'` for the receipt that came with the attestation, `'RECEIPT'` for one from `refreshReceipt`. */
  type: ReceiptType;
  /** The one of the accepted apps that made the key. */
  appId: string;
  /** Where the key was attested. */
  environment: Environment;
  /**
   * What the app passed to `attestKey`. In a `'RECEIPT'` it went through a text decoder on Apple's side, which puts
   * EF BF BD in place of all that is no UTF-8 (observed): compare it in an `'ATTEST'` only.
   */
  clientHash: Uint8Array;
  /** The same in all receipts of a key. */
  token: string;
  /** When Apple created the receipt. */
  creationTime: Date;
  /** Apple gives no newer receipt before; absent where it does at once. */
  notBefore?: Date;
  /** Apple gives no newer receipt afterwards: 90 days in every recording. */
  expirationTime: Date;
  /** About how many keys the device attested in the last 30 days. Only in a `'RECEIPT'`. */
  riskMetric?: number;
  /** The attested key: SubjectPublicKeyInfo as PEM. */
  publicKey: string;
}

/**
 * Decoding and signatures of a receipt take a few milliseconds. Those that wait hold 32 MiB at most, 64 KiB each; and as
 * much again where a client data "hash" is as long as it may be.
 */
const turnstile = new Turnstile({ width: threadPoolSize(), waiting: 512, patience: 5 });

/**
 * Verifies that a receipt comes from Apple and is about this app and this key, and decodes what it says. The receipt
 * inside an attestation is not verified by `verifyAttestation`; see the example.
 *
 * The steps are those of Apple's page; the ones that go beyond it say so.
 *
 * @throws AppAttestError with one of these codes:
 * - `invalid_argument`: this call is wrong, not the receipt, or the packages that read receipts cannot be loaded
 * - `overloaded`: 512 receipts wait for their turn already, or this one waited for five seconds; nothing is decided.
 *   `retryAfter` are the seconds after which to try again
 * - `malformed_receipt`: no App Attest receipt
 * - `untrusted_certificate`, `certificate_expired`, `invalid_signature`: step 1
 * - `app_id_mismatch`: step 2
 * - `receipt_key_mismatch`: step 3
 * - `receipt_challenge_mismatch`: issued on another occasion: for another challenge, or a genuine receipt of another type
 *   than `type`
 * - `environment_mismatch`: a receipt from a build out of Xcode, or one that names no environment
 * - `receipt_expired`: expired, created more than five minutes after `date`, or never valid: it expires before it was
 *   created
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

/** The options, checked and copied: nothing that the caller can change is looked at again. */
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

  // 1. Apple's receipt signer signed it. Its certificate counts at the moment of signing: it lives for about a year.
  const chain = await asReceipt(async () => signerChain(signedData, anchors));
  const signer = await verifyCertificateChain(chain, anchors, payload.creationTime);
  assertReceiptSigner(signer);
  assertReceiptSignature(signedData, signer);

  // 2. It is about one of our apps,
  assertReceiptAppId(payload.appId, appIds);

  // 3. and about the key in question.
  if (publicKey) assertReceiptKey(payload.publicKeyPoint, publicKey);

  // It was issued on the occasion that the caller asks about. Apple advises both of the receipt in an attestation.
  assertReceiptType(payload.type, type);
  if (clientDataHash) assertReceiptClientHash(payload, clientDataHash);

  // Beyond Apple's list: it comes from an environment that we accept.
  const environment = assertReceiptEnvironment(payload.environment, environments);

  // 4. It has not expired, and is as fresh as the caller wants it.
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

/** Neither is needed; both are refused. */
function readReceiptClientDataHash({ challenge, clientDataHash }: VerifyReceiptOptions): Uint8Array | undefined {
  if (challenge === undefined && clientDataHash === undefined) return undefined;
  return readClientDataHash('challenge', challenge, clientDataHash);
}
