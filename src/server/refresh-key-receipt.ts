import { AppAttestError, type AppAttestErrorCode } from '../errors.js';
import { receiptDueAt } from '../receipt/receipt-due.js';
import { refreshReceipt } from '../receipt/refresh-receipt.js';
import { verifyReceipt } from '../receipt/verify-receipt.js';
import { assertStillAccepted } from './accepted-key.js';
import type { Configuration } from './app-attest-options.js';
import { findKey } from './find-key.js';
import type { ReceiptUpdate } from './key-store.js';
import type { AppleAccess, ReceiptProgress } from './refresh-receipts-options.js';
import type { StoredKey } from './stored-key.js';

/** The result of the refresh for one key. */
export interface KeyResult {
  readonly progress: Pick<ReceiptProgress, 'keyId' | 'outcome' | 'error'>;
  /** Whether the key belongs to an app that the server does not accept. {@link refreshKeyReceipt} leaves such a key due. */
  readonly isOfOtherApp: boolean;
}

/** The time of the next request after a failure. `'soon'`: the key stays due, and its claim ends by itself. */
type Next = 'soon' | 'tomorrow' | 'never';

/** Milliseconds. */
const DAY = 24 * 60 * 60 * 1000;

/** Seconds. The maximum age of a receipt that Apple has just issued. */
const MAX_AGE = 300;

/**
 * Codes for a genuine receipt of another key, app or environment. If Apple sends such a receipt, the stored receipt does not
 * belong to the key.
 */
const FOREIGN: ReadonlySet<AppAttestErrorCode> = new Set([
  'app_id_mismatch',
  'receipt_key_mismatch',
  'environment_mismatch',
]);

/**
 * Requests the next receipt of a claimed key from Apple, verifies the new receipt and stores it. Only a verified receipt
 * replaces the stored receipt.
 *
 * @returns `undefined` if the key was deleted, or was revoked before the request
 * @throws AppAttestError `receipt_request_failed` with status 401; or an error of the store
 */
export async function refreshKeyReceipt(
  configuration: Configuration,
  apple: AppleAccess,
  keyId: string,
): Promise<KeyResult | undefined> {
  const { keys, clock } = configuration;
  const [key, receipt] = await Promise.all([findKey(keys, keyId), keys.receipt(keyId)]);
  if (!key || key.revokedAt) return undefined;
  try {
    const update = await nextReceipt(configuration, apple, key, receipt);
    const saved = await keys.saveReceipt(keyId, update ?? { receiptDueAt: tomorrow(clock.now()) });
    const outcome = update ? 'refreshed' : 'notModified';
    return saved === true ? { progress: { keyId, outcome }, isOfOtherApp: false } : undefined;
  } catch (failure) {
    if (!(failure instanceof FailedRefresh)) throw failure;
    const { error, next } = failure;
    const receiptDueAt = next === 'never' ? null : tomorrow(clock.now());
    if (next !== 'soon' && (await keys.saveReceipt(keyId, { receiptDueAt })) !== true) return undefined;
    return { progress: { keyId, outcome: 'failed', error }, isOfOtherApp: failure instanceof OtherApp };
  }
}

/**
 * Makes a key due again tomorrow, if it is still due. Its claim may have ended, so a server that accepts the app may have
 * refreshed the receipt in the meantime.
 */
export async function postpone({ keys, clock }: Configuration, keyId: string): Promise<void> {
  const now = clock.now();
  const { receiptDueAt } = (await findKey(keys, keyId)) ?? {};
  if (receiptDueAt && receiptDueAt <= now) await keys.saveReceipt(keyId, { receiptDueAt: tomorrow(now) });
}

/** Returns `undefined` if Apple has no newer receipt yet. */
async function nextReceipt(
  configuration: Configuration,
  apple: AppleAccess,
  key: StoredKey,
  stored: Uint8Array | null | undefined,
): Promise<ReceiptUpdate | undefined> {
  const { clock, receiptTrustAnchors } = configuration;
  const { keyId, appId, environment, publicKey } = key;

  // If this server rejects the key, a later run tries again. Another server that shares the store may accept the key, or this
  // server may accept the key later.
  try {
    assertStillAccepted(key, configuration);
  } catch (error) {
    if (!(error instanceof AppAttestError)) throw error;
    throw error.code === 'app_id_mismatch' ? new OtherApp(error, 'soon') : new FailedRefresh(error, 'tomorrow');
  }
  const { receipt } = await orFailed(afterRequest, async () => {
    if (!stored) throw new AppAttestError('malformed_receipt', 'the store has no receipt of the key');
    return refreshReceipt({ ...apple, receipt: stored, environment });
  });
  if (!receipt) return undefined;

  const verified = await orFailed(afterVerification, () => {
    return verifyReceipt({
      receipt,
      appId,
      publicKey,
      type: 'RECEIPT',
      environment,
      maxAge: MAX_AGE,
      date: clock.now(),
      ...(receiptTrustAnchors && { trustAnchors: receiptTrustAnchors }),
    });
  });
  return { receipt, riskMetric: verified.riskMetric, receiptDueAt: receiptDueAt({ keyId, ...verified }) };
}

/** @throws AppAttestError if Apple rejects the token, because Apple would then reject the requests for all keys */
function afterRequest(error: AppAttestError): Next {
  const { code, status } = error;
  if (status === 401) throw error;
  // Apple cannot decode the receipt or has no data for it, or the store has no valid receipt to send.
  if (status === 400 || status === 404 || code === 'malformed_receipt') return 'never';
  return status === undefined || status === 429 || status >= 500 ? 'soon' : 'tomorrow';
}

/**
 * Decides after a new receipt was rejected. Only a genuine receipt of another key, app or environment ends the refreshes of a
 * key. If other errors ended them too, a wrong clock or a proxy could end the refreshes of all keys.
 */
function afterVerification({ code }: AppAttestError): Next {
  if (code === 'overloaded') return 'soon';
  return FOREIGN.has(code) ? 'never' : 'tomorrow';
}

class FailedRefresh extends Error {
  readonly error: AppAttestError;
  readonly next: Next;

  constructor(error: AppAttestError, next: Next) {
    super(error.message);
    this.error = error;
    this.next = next;
  }
}

class OtherApp extends FailedRefresh {}

async function orFailed<Result>(next: (error: AppAttestError) => Next, run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof AppAttestError) throw new FailedRefresh(error, next(error));
    throw error;
  }
}

function tomorrow(now: Date): Date {
  return new Date(now.getTime() + DAY);
}
