import type { KeyObject } from 'node:crypto';
import { APPLE_ROOT_CA_G3 } from '../certificates/apple-roots.js';
import { readTrustAnchors } from '../certificates/trust-anchors.js';
import { readPublicKey } from '../keys/public-key.js';
import { type AppId, readAppIds } from '../options/app-id.js';
import { type Environment, readEnvironments } from '../options/environment.js';
import { keepEvidence } from '../options/evidence.js';
import { type KnownOptions, readKnownOptions } from '../options/known-options.js';
import { readVerificationDate } from '../options/verification-date.js';
import { MAX_RECEIPT_LENGTH } from '../receipt/receipt.js';
import type { ReceiptType } from '../receipt/receipt-payload.js';
import { readReceiptType } from '../receipt/receipt-subject.js';
import { readMaxAge } from '../receipt/receipt-time.js';
import { readExpectedClientData } from './expected-client-data.js';

/**
 * Options of {@link explainReceipt}: the options of `verifyReceipt`. Only the receipt is required. As with `verifyReceipt`,
 * an option that turns on a check must not be `undefined`. The option `appId` may be `undefined`.
 */
export interface ExplainReceiptOptions {
  /** The receipt, as the server received it. `verifyReceipt` accepts base64 or base64url text, or bytes. */
  receipt: string | Uint8Array;
  /** The app or apps whose receipts are accepted. */
  appId?: AppId | readonly AppId[] | undefined;
  /** The attested key: PEM, SubjectPublicKeyInfo DER, a 65-byte point or a `KeyObject`. Not checked by default. */
  publicKey?: string | Uint8Array | KeyObject;
  /** The challenge of the attestation: text (hashed as UTF-8) or bytes. Not checked by default. */
  challenge?: string | Uint8Array;
  /** Instead of `challenge`: the bytes that the app passed to `attestKey` as `clientDataHash`. At most 64 KiB. */
  clientDataHash?: Uint8Array;
  /** The accepted type. By default, both types are accepted. */
  type?: ReceiptType;
  /** The accepted environments. `'production'` by default. */
  environment?: Environment | readonly Environment[] | undefined;
  /** The maximum age of the receipt, in seconds. No limit by default. */
  maxAge?: number;
  /** The current time, to check expiration and age. The system clock by default. */
  date?: Date | undefined;
  /** For tests only: the root certificates that replace Apple Root CA - G3, as PEM text or DER bytes. */
  trustAnchors?: readonly (string | Uint8Array)[] | undefined;
}

const KNOWN_OPTIONS: KnownOptions<ExplainReceiptOptions> = {
  receipt: 'never undefined',
  appId: 'may be undefined',
  publicKey: 'never undefined',
  challenge: 'never undefined',
  clientDataHash: 'never undefined',
  type: 'never undefined',
  environment: 'may be undefined',
  maxAge: 'never undefined',
  date: 'may be undefined',
  trustAnchors: 'may be undefined',
};

/** Checks and copies the options, so that later changes by the caller have no effect. */
export function readExplainReceiptOptions(passed: ExplainReceiptOptions) {
  const options = readKnownOptions('explainReceipt', passed, KNOWN_OPTIONS);
  return {
    appIds: options.appId === undefined ? undefined : readAppIds(options.appId),
    publicKey: options.publicKey === undefined ? undefined : readPublicKey(options.publicKey),
    clientData: readExpectedClientData('challenge', options.challenge, options.clientDataHash),
    type: readReceiptType(options.type),
    environments: readEnvironments(options.environment),
    maxAge: readMaxAge(options.maxAge),
    date: readVerificationDate(options.date),
    anchors: readTrustAnchors(options.trustAnchors, APPLE_ROOT_CA_G3),
    areAnchorsGiven: options.trustAnchors !== undefined,
    evidence: keepEvidence(options.receipt, 'receipt', MAX_RECEIPT_LENGTH),
  };
}

/** The values that the caller expects in a receipt. */
export type ExpectedReceipt = ReturnType<typeof readExplainReceiptOptions>;
