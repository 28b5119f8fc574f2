import { isDate } from 'node:util/types';
import { sha256 } from '../encoding/bytes.js';
import { AppAttestError } from '../errors.js';
import { type KnownOptions, readKnownOptions } from '../options/known-options.js';
import { readVerificationDate } from '../options/verification-date.js';
import type { ReceiptType } from './receipt-payload.js';

/** A stored receipt: the key identifier, and four fields from the result of `verifyReceipt`. */
export interface StoredReceipt {
  /** The key identifier. Together with `creationTime`, it determines the jitter of the receipt. */
  readonly keyId: string;
  /** `type` of the verified receipt. */
  readonly type: ReceiptType;
  /** `creationTime` of the verified receipt. */
  readonly creationTime: Date;
  /** `notBefore` of the verified receipt. Absent or `null` if the receipt has no `notBefore`. */
  readonly notBefore?: Date | null | undefined;
  /** `expirationTime` of the verified receipt. */
  readonly expirationTime: Date;
}

/** When receipts are due. All times are in seconds. The defaults are right for most apps. */
export interface ReceiptSchedule {
  /** The time from the attestation to the first risk metric. 24 hours by default. Use 0 if you need the metric immediately. */
  afterAttestation?: number | undefined;
  /** The time from one risk metric to the next. 30 days by default, because Apple counts keys over 30 days. */
  interval?: number | undefined;
  /**
   * The maximum delay of a receipt, as a fraction of `afterAttestation` or `interval`: a number from 0 to 1. 0.25 by default.
   * Receipts get different delays, so that receipts that were created together are not all due together.
   */
  jitter?: number | undefined;
  /**
   * A receipt is due at least this long before it expires, if its `notBefore` allows this. 14 days by default. Apple does not
   * exchange an expired receipt for a newer receipt.
   */
  reserve?: number | undefined;
}

/** Options of {@link dueReceipts}. */
export interface DueReceiptsOptions extends ReceiptSchedule {
  /** The current time. The system clock by default. */
  date?: Date | undefined;
}

const KNOWN_SCHEDULE: KnownOptions<ReceiptSchedule> = {
  afterAttestation: 'may be undefined',
  interval: 'may be undefined',
  jitter: 'may be undefined',
  reserve: 'may be undefined',
};

const KNOWN_OPTIONS: KnownOptions<DueReceiptsOptions> = { ...KNOWN_SCHEDULE, date: 'may be undefined' };

const DAY = 24 * 60 * 60;
/** Ten years. A longer time is rejected, because it is probably in milliseconds by mistake. */
const MAX_TIME = 3650 * DAY;

/**
 * Returns when to request the next receipt from Apple. Apple issues the next receipt from `notBefore` on, so the returned
 * time is never earlier than `notBefore`. The returned time is at least `reserve` before this receipt expires, if `notBefore`
 * allows this. The jitter spreads the times of different receipts.
 *
 * The result depends only on the arguments. Store the result with the receipt, in an indexed column. Then a job can find the
 * receipts that are due.
 *
 * @throws AppAttestError `invalid_argument`
 *
 * @example
 * ```ts
 * const verified = await verifyReceipt({ receipt, appId, publicKey });
 * await database.query('UPDATE keys SET receipt = $2, risk_metric = $3, receipt_due_at = $4 WHERE key_id = $1', [
 *   keyId, receipt, verified.riskMetric, receiptDueAt({ keyId, ...verified }),
 * ]);
 * ```
 */
export function receiptDueAt(receipt: StoredReceipt, schedule: ReceiptSchedule = {}): Date {
  return dueAt(receipt, readSchedule(readKnownOptions('receiptDueAt', schedule, KNOWN_SCHEDULE)));
}

function dueAt(receipt: StoredReceipt, { afterAttestation, interval, jitter, reserve }: ReadSchedule): Date {
  const { keyId, type, creationTime, notBefore, expirationTime } = readStoredReceipt(receipt);

  const wait = (type === 'ATTEST' ? afterAttestation : interval) * 1000;
  const earliest = Math.max(creationTime.getTime(), notBefore?.getTime() ?? Number.NEGATIVE_INFINITY);
  const latest = Math.max(earliest, expirationTime.getTime() - reserve * 1000);
  const spread = Math.min(wait * jitter, latest - earliest);
  // If the receipt expires soon, the jitter starts earlier. Otherwise many receipts would be due exactly at `latest`.
  const start = Math.min(Math.max(earliest, creationTime.getTime() + wait), latest - spread);
  return new Date(Math.ceil(start + spread * fraction(keyId, creationTime)));
}

/**
 * Returns the receipts that are due. The receipt that expires first comes first. Expired receipts are omitted, because Apple
 * does not exchange them. For an expired receipt, the app must generate and attest a new key.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function dueReceipts<Stored extends StoredReceipt>(
  receipts: Iterable<Stored>,
  passed: DueReceiptsOptions = {},
): Stored[] {
  const options = readKnownOptions('dueReceipts', passed, KNOWN_OPTIONS);
  const schedule = readSchedule(options);
  const date = readVerificationDate(options.date);
  return [...receipts]
    .filter((receipt) => dueAt(receipt, schedule) <= date && date <= receipt.expirationTime)
    .sort((one, other) => one.expirationTime.getTime() - other.expirationTime.getTime());
}

/** Returns a number from 0 to just below 1. The number looks random, but is always the same for the same receipt. */
function fraction(keyId: string, creationTime: Date): number {
  const hash = Buffer.from(sha256(Buffer.from(`${keyId} ${creationTime.getTime()}`)));
  return hash.readUIntBE(0, 6) / 2 ** 48;
}

type ReadSchedule = Readonly<Record<keyof ReceiptSchedule, number>>;

function readSchedule(schedule: ReceiptSchedule): ReadSchedule {
  const { afterAttestation = DAY, interval = 30 * DAY, jitter = 0.25, reserve = 14 * DAY } = schedule;
  const isUpTo = (limit: number, value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= limit;
  const areTimes = [afterAttestation, interval, reserve].every((time) => isUpTo(MAX_TIME, time));
  if (areTimes && isUpTo(1, jitter)) return { afterAttestation, interval, jitter, reserve };
  throw new AppAttestError(
    'invalid_argument',
    `afterAttestation, interval and reserve must be seconds from 0 to ${MAX_TIME}, and jitter must be a number from 0 to 1`,
  );
}

function readStoredReceipt(receipt: StoredReceipt): StoredReceipt {
  const { keyId, creationTime, notBefore, expirationTime }: Partial<StoredReceipt> = receipt ?? {};
  const isTime = (value: unknown): boolean => isDate(value) && !Number.isNaN(value.getTime());
  const isComplete = typeof keyId === 'string' && isTime(creationTime) && isTime(expirationTime);
  if (isComplete && (notBefore === undefined || notBefore === null || isTime(notBefore))) return receipt;
  throw new AppAttestError(
    'invalid_argument',
    'a stored receipt must have a keyId and valid Dates as creationTime, expirationTime and, if present, notBefore',
  );
}
