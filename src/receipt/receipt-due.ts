import { isDate } from 'node:util/types';
import { sha256 } from '../encoding/bytes.js';
import { AppAttestError } from '../errors.js';
import { type KnownOptions, readKnownOptions } from '../options/known-options.js';
import { readVerificationDate } from '../options/verification-date.js';
import type { ReceiptType } from './receipt-payload.js';

/** A stored receipt: its key's identifier, and what `verifyReceipt` said about it. */
export interface StoredReceipt {
  /** Tells it from the others; keys that come at the same moment are spread by it. */
  readonly keyId: string;
  /** `type` of the verified receipt. */
  readonly type: ReceiptType;
  /** `creationTime` of the verified receipt. */
  readonly creationTime: Date;
  /** `notBefore` of the verified receipt; absent or `null` where it has none. */
  readonly notBefore?: Date | null | undefined;
  /** `expirationTime` of the verified receipt. */
  readonly expirationTime: Date;
}

/** When receipts are due. All of it in seconds; the defaults suit an app that has no reason for others. */
export interface ReceiptSchedule {
  /** From the attestation to the first risk metric; 24 hours by default. Zero where a decision waits for it. */
  afterAttestation?: number | undefined;
  /** From one risk metric to the next; 30 days by default, the time over which Apple counts. */
  interval?: number | undefined;
  /** The part of either time over which receipts of the same moment are spread, from 0 to 1; 0.25 by default. */
  jitter?: number | undefined;
  /** How long before its expiration a receipt is due at the latest; 14 days by default: a key without one is lost. */
  reserve?: number | undefined;
}

/** Options of {@link dueReceipts}: the schedule, and the moment at which to ask. */
export interface DueReceiptsOptions extends ReceiptSchedule {
  /** Now by default. */
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
/** Ten years: more is a mistake, such as milliseconds. */
const MAX_TIME = 3650 * DAY;

/**
 * When to ask for the next receipt: never before Apple gives one (`notBefore`), well before this one expires, and not in
 * the same minute as all the others. A pure function of its arguments: store the moment beside the receipt, in an indexed
 * column, and let a queue take what is due.
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
  // Where a receipt is to expire soon, the whole spread moves ahead; cut off, it would end in one moment for all.
  const start = Math.min(Math.max(earliest, creationTime.getTime() + wait), latest - spread);
  return new Date(Math.ceil(start + spread * fraction(keyId, creationTime)));
}

/**
 * Those of the receipts that are due, the one that expires first in front. Receipts that have expired are left out: Apple
 * gives no newer ones for them, and their keys must be made anew.
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

/** From 0 up to 1, always the same for a receipt and independent for any two. */
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
    'afterAttestation, interval and reserve must be seconds, and jitter a number from 0 to 1',
  );
}

function readStoredReceipt(receipt: StoredReceipt): StoredReceipt {
  const { keyId, creationTime, notBefore, expirationTime }: Partial<StoredReceipt> = receipt ?? {};
  const isTime = (value: unknown): boolean => isDate(value) && !Number.isNaN(value.getTime());
  const isComplete = typeof keyId === 'string' && isTime(creationTime) && isTime(expirationTime);
  if (isComplete && (notBefore === undefined || notBefore === null || isTime(notBefore))) return receipt;
  throw new AppAttestError(
    'invalid_argument',
    'a stored receipt must have keyId, type, and creationTime, notBefore and expirationTime as Date',
  );
}
