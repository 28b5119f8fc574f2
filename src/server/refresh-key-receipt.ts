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

/** What came of one key. */
export type KeyResult = Pick<ReceiptProgress, 'keyId' | 'outcome' | 'error'>;

/** When to ask Apple again after a failure. `'soon'`: the key stays due, and its claim ends by itself. */
type Next = 'soon' | 'tomorrow' | 'never';

/** Milliseconds. */
const DAY = 24 * 60 * 60 * 1000;

/** Seconds. A receipt that Apple has just issued is new. */
const MAX_AGE = 300;

/** Apple signed a receipt of something else: the stored receipt is not that of the key. */
const FOREIGN: ReadonlySet<AppAttestErrorCode> = new Set([
  'app_id_mismatch',
  'receipt_key_mismatch',
  'environment_mismatch',
]);

/**
 * Asks Apple for the next receipt of a claimed key, verifies it and stores it. The stored receipt is replaced only by a
 * verified one.
 *
 * @returns `undefined` if the key was deleted or revoked meanwhile
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
    return saved === true ? { keyId, outcome: update ? 'refreshed' : 'notModified' } : undefined;
  } catch (failure) {
    if (!(failure instanceof FailedRefresh)) throw failure;
    const { error, next } = failure;
    const receiptDueAt = next === 'never' ? null : tomorrow(clock.now());
    if (next !== 'soon' && (await keys.saveReceipt(keyId, { receiptDueAt })) !== true) return undefined;
    return { keyId, outcome: 'failed', error };
  }
}

/** `undefined` if Apple has no newer receipt yet. */
async function nextReceipt(
  configuration: Configuration,
  apple: AppleAccess,
  key: StoredKey,
  stored: Uint8Array | null | undefined,
): Promise<ReceiptUpdate | undefined> {
  const { clock, receiptTrustAnchors } = configuration;
  const { keyId, appId, environment, publicKey } = key;

  // Another server may share the store, or the app may be accepted again.
  await orFailed(
    () => 'tomorrow',
    async () => assertStillAccepted(key, configuration),
  );
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

/** @throws AppAttestError if Apple rejects the token: it would reject it for every key */
function afterRequest(error: AppAttestError): Next {
  const { code, status } = error;
  if (status === 401) throw error;
  // Apple cannot decode the receipt, has no data for it, or was never asked because there is no receipt.
  if (status === 400 || status === 404 || code === 'malformed_receipt') return 'never';
  return status === undefined || status === 429 || status >= 500 ? 'soon' : 'tomorrow';
}

/** Only a genuine receipt of another key is final. A wrong clock, or a proxy, must not end the refreshes of every key. */
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
