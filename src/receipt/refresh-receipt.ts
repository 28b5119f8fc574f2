import { encodeBase64 } from '../encoding/base64.js';
import { AppAttestError } from '../errors.js';
import { type Environment, isEnvironment } from '../options/environment.js';
import { decodeBytes, keepEvidence } from '../options/evidence.js';
import { type KnownOptions, readKnownOptions } from '../options/known-options.js';
import { abortAfterTimeLimit, readTimeLimit } from '../runtime/time-limit.js';
import { type DeviceCheckCredentials, deviceCheckToken } from './device-check-token.js';
import { asReceipt, MAX_RECEIPT_LENGTH } from './receipt.js';
import { readResponse, receiptOf } from './receipt-response.js';

/** Options of {@link refreshReceipt}: the latest receipt of a key, and the credentials for Apple's server. */
export interface RefreshReceiptOptions {
  /** The latest verified receipt of the key: base64 or base64url text, or bytes. At most 64 KiB. */
  receipt: string | Uint8Array;
  /** The environment in which the key was attested. Apple has one server for each environment. */
  environment: Environment;
  /** The credentials for Apple's server. The private key is not kept in memory, and error messages never contain it. */
  credentials: DeviceCheckCredentials;
  /** Used instead of the global `fetch`. For a proxy, or for the `receiptEndpoint()` of `app-attest/testing`. */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /**
   * Used instead of Apple's URL. The scheme must be `https:`, or `http:` for a loopback address, because the request contains a
   * token. The URL must not contain a user name or a password.
   */
  endpoint?: string | URL | undefined;
  /** Aborts the request. */
  signal?: AbortSignal | undefined;
  /** The time limit for the request, in seconds, at most 2147483. 10 by default. */
  timeout?: number | undefined;
}

const KNOWN_OPTIONS: KnownOptions<RefreshReceiptOptions> = {
  receipt: 'never undefined',
  environment: 'never undefined',
  credentials: 'never undefined',
  fetch: 'may be undefined',
  endpoint: 'may be undefined',
  signal: 'may be undefined',
  timeout: 'may be undefined',
};

/** Result of {@link refreshReceipt}: either a new receipt, or `notModified` if Apple has no newer receipt yet. */
export type RefreshedReceipt =
  | {
      /** The new receipt, CMS in BER. It is not verified. Pass the receipt to `verifyReceipt`, then store the receipt. */
      receipt: Uint8Array;
      /** Absent if there is a new receipt. */
      notModified?: never;
    }
  | {
      /** Apple has no newer receipt yet. */
      notModified: true;
      /** Absent if Apple has no newer receipt yet. */
      receipt?: never;
    };

const ENDPOINTS: Readonly<Record<Environment, string>> = {
  production: 'https://data.appattest.apple.com/v1/attestationData',
  development: 'https://data-development.appattest.apple.com/v1/attestationData',
};

/** Seconds. */
const DEFAULT_TIMEOUT = 10;

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Requests a new receipt for a key from Apple. The new receipt contains the current risk metric: the approximate number of
 * keys that the device attested in the last 30 days. `receiptDueAt` returns when to call this function.
 *
 * The function sends one request and does not retry. Your job queue can retry.
 *
 * The new receipt is not verified. Pass it to `verifyReceipt`, then store it instead of the old receipt.
 *
 * @throws AppAttestError with one of these codes:
 * - `invalid_argument`: the options are wrong, or the package `jose` cannot be loaded
 * - `malformed_receipt`: `receipt` is empty, too long or not base64
 * - `receipt_request_failed`: the request failed. `retryAfter` is the header `Retry-After` in seconds, if the response has
 *   a valid header. `status` is the HTTP status of Apple's response:
 *   - 400: Apple cannot decode the receipt
 *   - 401: Apple rejected the token
 *   - 404: Apple has no data for the receipt, for example because `environment` is wrong
 *   - 429 and 5xx: try again later
 *   - absent: there was no complete response. The connection failed, the time limit was reached, or `signal` aborted the
 *     request. After an abort, `cause` is the reason of the signal
 *
 * @example
 * ```ts
 * const { receipt } = await refreshReceipt({
 *   receipt: key.receipt,
 *   environment: key.environment,
 *   credentials: { teamId: 'TEAMID1234', keyId: 'ABC123DEFG', privateKey: await readFile('AuthKey.p8', 'utf8') },
 * });
 * if (receipt) {
 *   const { riskMetric } = await verifyReceipt({ receipt, appId, publicKey: key.publicKey });
 * }
 * ```
 *
 * @see https://developer.apple.com/documentation/devicecheck/assessing-fraud-risk
 */
export async function refreshReceipt(passed: RefreshReceiptOptions): Promise<RefreshedReceipt> {
  const options = readKnownOptions('refreshReceipt', passed, KNOWN_OPTIONS);
  const endpoint = readEndpoint(options.endpoint, options.environment);
  const { timeout = DEFAULT_TIMEOUT } = options;
  const timeLimit = readTimeLimit('timeout', timeout);
  const signal = readSignal(options.signal);
  const fetch = readFetch(options.fetch);
  const token = deviceCheckToken(options.credentials);
  const body = await asReceipt(async () => encodeBase64(readReceipt(options.receipt)));
  const authorization = await token.jwt;

  const response = await abortAfterTimeLimit(timeLimit, signal, async (limited) => {
    return await readResponse(
      await fetch(endpoint, {
        method: 'POST',
        headers: { authorization },
        body,
        // A redirect must not send the token to another server. So a redirect is an error, like other unexpected statuses.
        redirect: 'manual',
        signal: limited,
      }),
    );
  }).catch((cause: unknown) => {
    if (cause instanceof AppAttestError) throw cause;
    throw new AppAttestError('receipt_request_failed', 'there was no complete response from the receipt server', {
      cause,
    });
  });

  if (response.status === 401) token.forget();
  const receipt = receiptOf(response);
  return receipt ? { receipt } : { notModified: true };
}

/** Only the base64 is decoded. Apple's server decodes the receipt itself. */
function readReceipt(receipt: unknown): Uint8Array {
  return decodeBytes(keepEvidence(receipt, 'receipt', MAX_RECEIPT_LENGTH), MAX_RECEIPT_LENGTH);
}

/** @throws AppAttestError `invalid_argument` */
export function readEndpoint(endpoint: unknown, environment: unknown): string {
  if (!isEnvironment(environment)) {
    throw new AppAttestError('invalid_argument', "environment must be 'production' or 'development'");
  }
  if (endpoint === undefined) return ENDPOINTS[environment];
  const text = endpoint instanceof URL ? endpoint.href : endpoint;
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
  // `fetch` rejects a URL with a user name or a password, and its error message contains the password.
  if (url?.username || url?.password) {
    throw new AppAttestError('invalid_argument', 'endpoint must not contain a user name or a password');
  }
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.has(url.hostname))) return url.href;
  throw new AppAttestError(
    'invalid_argument',
    'endpoint must be an https: URL, or an http: URL with a loopback address',
  );
}

/** @throws AppAttestError `invalid_argument` */
export function readSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  throw new AppAttestError('invalid_argument', 'signal must be an AbortSignal');
}

/** @throws AppAttestError `invalid_argument` */
export function readFetch(fetch: RefreshReceiptOptions['fetch']): NonNullable<RefreshReceiptOptions['fetch']> {
  if (fetch === undefined) return globalThis.fetch;
  if (typeof fetch === 'function') return fetch;
  throw new AppAttestError('invalid_argument', 'fetch must be a function');
}
