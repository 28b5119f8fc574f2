import type { KeyObject } from 'node:crypto';
import { type AppId, readAppIds } from '../app-id.js';
import { APPLE_ROOT_CA_G3 } from '../certificates/apple-roots.js';
import { verifyCertificateChain } from '../certificates/certificate-chain.js';
import { readTrustAnchors } from '../certificates/trust-anchors.js';
import { type Environment, readEnvironments } from '../environment.js';
import { assertOptions } from '../options.js';
import { pemOfPoint, readPublicKey } from '../public-key.js';
import { readVerificationDate } from '../verification-date.js';
import { asReceipt, decodeReceipt } from './receipt.js';
import type { ReceiptType } from './receipt-payload.js';
import { assertReceiptAppId, assertReceiptEnvironment, assertReceiptKey } from './receipt-subject.js';
import { assertAge, assertNotExpired, readMaxAge } from './receipt-time.js';
import { assertReceiptSignature } from './signature.js';
import { assertReceiptSigner, signerChain } from './signer.js';

/** What {@link verifyReceipt} is told: a receipt, and what the server knows about the key that it is about. */
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
  /** The accepted environments. `'production'` by default. */
  environment?: Environment | readonly Environment[];
  /**
   * The most seconds since the receipt was created; any number by default. Apple wants less than 300 of a receipt that
   * comes with an attestation.
   */
  maxAge?: number;
  /** The moment at which expiration and age are judged. Now by default; certificates are judged at the creation time. */
  date?: Date;
  /** The roots to trust in place of Apple Root CA - G3, PEM text or DER bytes. For tests; never trust a test root in production. */
  trustAnchors?: readonly (string | Uint8Array)[];
}

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
 * Verifies that a receipt comes from Apple and is about this app and this key, and decodes what it says. The receipt
 * inside an attestation is not verified by `verifyAttestation`; see the example.
 *
 * The steps are those of Apple's page; the ones that go beyond it say so.
 *
 * @throws AppAttestError with one of these codes:
 * - `invalid_argument`: this call is wrong, not the receipt, or the packages that read receipts cannot be loaded
 * - `malformed_receipt`: no App Attest receipt
 * - `untrusted_certificate`, `certificate_expired`, `invalid_signature`: step 1
 * - `app_id_mismatch`: step 2
 * - `receipt_key_mismatch`: step 3
 * - `environment_mismatch`: a receipt from a build out of Xcode, or one that names no environment
 * - `receipt_expired`: expired, or created more than five minutes after `date`
 * - `receipt_too_old`: older than `maxAge`
 *
 * @example
 * ```ts
 * const key = await verifyAttestation({ attestation, keyId, challenge, appId });
 * const { environment, publicKey, receipt } = key;
 * await verifyReceipt({ receipt, appId, publicKey, environment, maxAge: 300 });
 * ```
 *
 * @see https://developer.apple.com/documentation/devicecheck/assessing-fraud-risk
 */
export async function verifyReceipt(options: VerifyReceiptOptions): Promise<VerifiedReceipt> {
  assertOptions(options);
  const appIds = readAppIds(options.appId);
  const publicKey = options.publicKey === undefined ? undefined : readPublicKey(options.publicKey);
  const environments = readEnvironments(options.environment);
  const maxAge = readMaxAge(options.maxAge);
  const date = readVerificationDate(options.date);
  const anchors = readTrustAnchors(options.trustAnchors, APPLE_ROOT_CA_G3);

  const { signedData, payload } = await decodeReceipt(options.receipt);

  // 1. Apple's receipt signer signed it. Its certificate counts at the moment of signing: it lives for about a year.
  const signer = await asReceipt(async () => {
    return await verifyCertificateChain(signerChain(signedData, anchors), anchors, payload.creationTime);
  });
  assertReceiptSigner(signer);
  assertReceiptSignature(signedData, signer);

  // 2. It is about one of our apps,
  assertReceiptAppId(payload.appId, appIds);

  // 3. and about the key in question.
  if (publicKey) assertReceiptKey(payload.publicKeyPoint, publicKey);

  // Beyond Apple's list: it comes from an environment that we accept.
  const environment = assertReceiptEnvironment(payload.environment, environments);

  // 4. It has not expired, and is as fresh as the caller wants it.
  assertNotExpired(payload, date);
  assertAge(payload, maxAge, date);

  const { type, appId, clientHash, token, creationTime, notBefore, expirationTime, riskMetric } = payload;
  return {
    type,
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
