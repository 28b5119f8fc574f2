import { AppAttestError, shortValue } from '../errors.js';
import { type KnownOptions, readKnownOptions } from '../options/known-options.js';
import { type DeviceCheckCredentials, deviceCheckToken } from '../receipt/device-check-token.js';
import { type RefreshReceiptOptions, readEndpoint, readFetch, readSignal } from '../receipt/refresh-receipt.js';

/** The result of `refreshReceipts`: the number of processed keys, and the number of keys with each outcome. */
export interface RefreshedReceipts {
  /**
   * The number of keys whose receipt was due. It is the sum of the other three numbers. A key that is deleted, or revoked
   * before its request, does not count.
   */
  due: number;
  /** The number of keys with a new receipt. */
  refreshed: number;
  /** The number of keys for which Apple has no newer receipt yet. These keys are due again tomorrow. */
  notModified: number;
  /** The number of keys without a new receipt because of an error. `onProgress` receives each error. */
  failed: number;
}

/** The argument of `onProgress` after each key: the counts so far, and the result for this key. */
export interface ReceiptProgress extends RefreshedReceipts {
  /** The key identifier, base64 with padding. */
  keyId: string;
  /** The name of the count that this key has increased. */
  outcome: 'refreshed' | 'notModified' | 'failed';
  /** The reason for the failure. Absent if the key did not fail. */
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
  /**
   * Ends the run when the signal is aborted. The run then claims no further keys. The results for the keys that it has already
   * claimed are stored before the promise rejects.
   */
  signal?: AbortSignal | undefined;
  /**
   * Called after each key. The run does not wait for the returned promise. If the function throws an error or its promise
   * rejects, the process emits a warning and the run continues.
   */
  onProgress?: ((progress: ReceiptProgress) => unknown) | undefined;
  /** Replaces the global `fetch`. Use it for a proxy, or for the `receiptEndpoint()` of `app-attest/testing`. */
  fetch?: RefreshReceiptOptions['fetch'];
  /**
   * Replaces Apple's URLs of both environments. The scheme must be `https:`. A loopback address may also use `http:`, for
   * tests.
   */
  endpoint?: RefreshReceiptOptions['endpoint'];
}

/** The options that each request to Apple needs. */
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
 * Checks the options before the first key is claimed, because a wrong option would make the refresh of every key fail.
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
