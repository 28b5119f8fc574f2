import { AppAttestError, shortValue } from '../errors.js';
import { type KnownOptions, readKnownOptions } from '../options/known-options.js';
import { type DeviceCheckCredentials, deviceCheckToken } from '../receipt/device-check-token.js';
import { type RefreshReceiptOptions, readEndpoint, readFetch, readSignal } from '../receipt/refresh-receipt.js';

/** The result of `refreshReceipts`: how many keys Apple was asked about, and what came of it. */
export interface RefreshedReceipts {
  /** The keys whose receipt was due: the sum of the three others. Keys that were deleted meanwhile do not count. */
  due: number;
  /** The keys with a new receipt. */
  refreshed: number;
  /** The keys for which Apple has no newer receipt yet. They are due again tomorrow. */
  notModified: number;
  /** The keys without a new receipt because of an error. `onProgress` receives each. */
  failed: number;
}

/** What `onProgress` receives after each key: the counts so far, and the result for this key. */
export interface ReceiptProgress extends RefreshedReceipts {
  /** The key identifier, base64 with padding. */
  keyId: string;
  /** Which of the counts this key has increased. */
  outcome: 'refreshed' | 'notModified' | 'failed';
  /** Why the key failed. Absent otherwise. */
  error?: AppAttestError;
}

/** Options of `refreshReceipts`. */
export interface RefreshReceiptsOptions {
  /** The credentials for Apple's server: a key of your developer account with DeviceCheck enabled. */
  credentials: DeviceCheckCredentials;
  /** The maximum number of keys in this run, 1 to 100 000. 1000 by default. */
  limit?: number | undefined;
  /** The maximum number of requests to Apple at the same time, 1 to 100. 5 by default. */
  concurrency?: number | undefined;
  /** Ends the run: no further request is sent, and the answers to those already sent are stored. */
  signal?: AbortSignal | undefined;
  /**
   * Called after each key. It is not awaited. If it throws or rejects, the process emits a warning and the run goes on.
   */
  onProgress?: ((progress: ReceiptProgress) => unknown) | undefined;
  /** Replaces the global `fetch`: for a proxy, or the `receiptEndpoint()` of `app-attest/testing`. */
  fetch?: RefreshReceiptOptions['fetch'];
  /** Replaces Apple's URL of both environments. `https:`, or `http:` on a loopback address for tests. */
  endpoint?: RefreshReceiptOptions['endpoint'];
}

/** What each request to Apple needs. */
export type AppleAccess = Required<Pick<RefreshReceiptOptions, 'credentials' | 'fetch'>> &
  Pick<RefreshReceiptOptions, 'endpoint'>;

/** Checked options. */
export interface RefreshReceiptsRun {
  readonly apple: AppleAccess;
  readonly limit: number;
  readonly concurrency: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: RefreshReceiptsOptions['onProgress'];
}

const KNOWN_OPTIONS: KnownOptions<RefreshReceiptsOptions> = {
  credentials: 'never undefined',
  limit: 'may be undefined',
  concurrency: 'may be undefined',
  signal: 'may be undefined',
  onProgress: 'may be undefined',
  fetch: 'may be undefined',
  endpoint: 'may be undefined',
};

const MAX_LIMIT = 100_000;
const MAX_CONCURRENCY = 100;

/**
 * Checks everything that would fail for every key, before the first key is claimed.
 *
 * @throws AppAttestError `invalid_argument`
 */
export async function readRefreshReceiptsOptions(passed: RefreshReceiptsOptions): Promise<RefreshReceiptsRun> {
  const options = readKnownOptions('refreshReceipts', passed, KNOWN_OPTIONS);
  const { limit = 1000, concurrency = 5, onProgress } = options;
  if (onProgress !== undefined && typeof onProgress !== 'function') throw invalid('onProgress must be a function');
  const run = {
    apple: {
      credentials: { ...options.credentials },
      fetch: readFetch(options.fetch),
      endpoint: options.endpoint === undefined ? undefined : readEndpoint(options.endpoint, 'production'),
    },
    limit: readCount('limit', limit, MAX_LIMIT),
    concurrency: readCount('concurrency', concurrency, MAX_CONCURRENCY),
    signal: readSignal(options.signal),
    onProgress,
  };
  await deviceCheckToken(options.credentials).jwt;
  return run;
}

function readCount(name: string, count: number, most: number): number {
  if (Number.isInteger(count) && count >= 1 && count <= most) return count;
  throw invalid(`${name} must be an integer from 1 to ${most}, not ${shortValue(count)}`);
}

function invalid(message: string): AppAttestError {
  return new AppAttestError('invalid_argument', message);
}
