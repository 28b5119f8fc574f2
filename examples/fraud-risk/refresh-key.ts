import {
  AppAttestError,
  type Environment,
  type RefreshReceiptOptions,
  receiptDueAt,
  refreshReceipt,
  type VerifyReceiptOptions,
  verifyReceipt,
} from 'app-attest';

/** A row of your table of keys, without the counter. The column for `receiptDueAt` needs an index. */
export interface Key {
  keyId: string;
  publicKey: string;
  appId: string;
  environment: Environment;
  receipt: Uint8Array;
  riskMetric?: number;
  /** `null` if the receipt has expired or is unusable. The receipt is then never refreshed again. */
  receiptDueAt: Date | null;
}

/** Your table of keys. */
export interface Keys {
  find(keyId: string): Promise<Key | undefined>;
  /** SELECT key_id FROM keys WHERE receipt_due_at <= $1 ORDER BY receipt_due_at LIMIT $2 */
  due(date: Date, limit: number): Promise<string[]>;
  update(keyId: string, changes: Partial<Key>): Promise<void>;
}

/** The credentials for Apple's server. Tests also pass the endpoint and the root certificates of the virtual Apple. */
export type Apple = Pick<RefreshReceiptOptions, 'credentials' | 'endpoint'> &
  Pick<VerifyReceiptOptions, 'trustAnchors'>;

/** Runs one job. If the same job runs twice, the second run does nothing. */
export async function refreshKey(
  keys: Keys,
  keyId: string,
  { credentials, endpoint, trustAnchors }: Apple,
): Promise<void> {
  const key = await keys.find(keyId);
  if (!key?.receiptDueAt || key.receiptDueAt > new Date()) return;
  const { publicKey, appId, environment } = key;
  try {
    const { receipt } = await refreshReceipt({
      receipt: key.receipt,
      environment,
      credentials,
      ...(endpoint && { endpoint }),
    });
    if (!receipt) return await keys.update(keyId, { receiptDueAt: tomorrow() });

    const verified = await verifyReceipt({
      receipt,
      appId,
      publicKey,
      environment,
      maxAge: 300,
      ...(trustAnchors && { trustAnchors }),
    });
    const { riskMetric } = verified;
    await keys.update(keyId, {
      receipt,
      ...(riskMetric !== undefined && { riskMetric }),
      receiptDueAt: receiptDueAt({ keyId, ...verified }),
    });
  } catch (error) {
    if (isTemporary(error)) throw error; // the queue retries the job
    console.warn(`no new receipt for key ${keyId}: ${error instanceof Error ? error.message : error}`);
    await keys.update(keyId, { receiptDueAt: null });
  }
}

/** Temporary errors: no response, status 401, 429 or 5xx, an overloaded process, or an error of your database. */
function isTemporary(error: unknown): boolean {
  if (!(error instanceof AppAttestError)) return true;
  const { code, status } = error;
  if (code === 'overloaded') return true;
  return (
    code === 'receipt_request_failed' && (status === undefined || status === 401 || status === 429 || status >= 500)
  );
}

function tomorrow(): Date {
  return new Date(Date.now() + 24 * 60 * 60 * 1000);
}
