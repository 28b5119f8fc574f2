/**
 * The reason why evidence, a request or a call was rejected. The union is closed, so a `switch` can handle every code.
 *
 * | code | meaning |
 * | --- | --- |
 * | `invalid_argument` | An option or the installation of the server is wrong. For example, a package cannot be loaded. |
 * | `malformed_attestation`, `malformed_assertion`, `malformed_receipt` | The evidence or the request is malformed. |
 * | `unsupported_format` | The client sent evidence that is not in the App Attest format. |
 * | `overloaded` | Verifications or request bodies exceed a limit of this process. Try again after `retryAfter` seconds. |
 * | `receipt_request_failed` | The request to Apple's receipt server failed. See `status` and `retryAfter`. |
 * | every other code | A check failed. For example, a signature is invalid or a challenge has expired. |
 */
export type AppAttestErrorCode =
  | 'invalid_argument'
  | 'overloaded'
  | 'malformed_attestation'
  | 'malformed_assertion'
  | 'malformed_receipt'
  | 'unsupported_format'
  | 'untrusted_certificate'
  | 'certificate_expired'
  | 'nonce_mismatch'
  | 'key_id_mismatch'
  | 'public_key_mismatch'
  | 'app_id_mismatch'
  | 'counter_not_zero'
  | 'counter_not_increased'
  | 'environment_mismatch'
  | 'credential_id_mismatch'
  | 'invalid_signature'
  | 'extension_rejected'
  | 'extension_missing'
  | 'access_control_mismatch'
  | 'receipt_expired'
  | 'receipt_too_old'
  | 'receipt_key_mismatch'
  | 'receipt_challenge_mismatch'
  | 'receipt_request_failed'
  | 'challenge_unknown'
  | 'challenge_expired'
  | 'challenge_used'
  | 'key_unknown'
  | 'key_already_registered'
  | 'key_revoked'
  | 'session_unknown'
  | 'session_expired'
  | 'session_revoked';

/** Details of an {@link AppAttestError}, in addition to its code and message. */
export interface AppAttestErrorDetails {
  /** The underlying error. */
  cause?: unknown;
  /** The expected value, or a description of this value. Bytes are shown as shortened hex. */
  expected?: string;
  /**
   * The value that was found instead of the expected value, or a description of this value. Bytes are shown as shortened hex.
   */
  actual?: string;
  /** For `receipt_request_failed`: the HTTP status of the response from Apple's server. */
  status?: number;
  /**
   * Seconds to wait before the next attempt. Set for `overloaded`. Also set for `receipt_request_failed` if Apple's response
   * has a valid header `Retry-After`.
   */
  retryAfter?: number;
}

/**
 * The error class of this package. For invalid input from a client, the functions of this package throw no other error.
 * The HTTP handlers pass the error to `onDecision`: an `AppAttestError`, or an `AppAttestHttpError` for a reason
 * outside the evidence.
 *
 * Branch on `code`, and do not parse `message`. The message is for the log: do not send it to the client. Text from the
 * client is quoted, escaped and shortened in the message, so each message stays on one line of the log.
 *
 * @example
 * ```ts
 * try {
 *   await verifyAssertion(options);
 * } catch (error) {
 *   if (error instanceof AppAttestError && error.code === 'counter_not_increased') {
 *     // a replayed request
 *   }
 * }
 * ```
 */
export class AppAttestError extends Error {
  /** The reason for the error. */
  readonly code: AppAttestErrorCode;
  /** If a comparison failed: the expected value, or a description of this value. Bytes are shown as shortened hex. */
  readonly expected: string | undefined;
  /** If a comparison failed: the value that was found instead of the expected value, or a description of this value. */
  readonly actual: string | undefined;
  /**
   * For `receipt_request_failed`: the HTTP status of the response from Apple's server. Absent if the connection failed, or the
   * request was aborted or took too long.
   */
  readonly status: number | undefined;
  /**
   * Seconds to wait before the next attempt. Set for `overloaded`. Also set for `receipt_request_failed` if Apple's response
   * has a valid header `Retry-After`.
   */
  readonly retryAfter: number | undefined;

  constructor(code: AppAttestErrorCode, message: string, details: AppAttestErrorDetails = {}) {
    const { cause, expected, actual, status, retryAfter } = details;
    const comparison = expected !== undefined && actual !== undefined ? ` (expected ${expected}, got ${actual})` : '';
    super(`${message}${comparison}`, cause === undefined ? undefined : { cause });
    this.name = 'AppAttestError';
    this.code = code;
    this.expected = expected;
    this.actual = actual;
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

const SHORT_HEX_BYTES = 8;
const SHORT_TEXT_LENGTH = 80;

/**
 * The first eight bytes as hex, followed by `…` if there are more bytes. Eight bytes are enough to compare two values in a log.
 */
export function shortHex(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.subarray(0, SHORT_HEX_BYTES)).toString('hex');
  return bytes.length > SHORT_HEX_BYTES ? `${hex}…` : hex;
}

/** Quotes, escapes and shortens text from a client. So the text cannot forge lines of a log, and cannot flood the log. */
export function shortText(text: string): string {
  const cut = text.length > SHORT_TEXT_LENGTH ? `${text.slice(0, SHORT_TEXT_LENGTH)}…` : text;
  return JSON.stringify(cut).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return Buffer.from(character, 'utf16le').swap16().toString('hex').replace(/..../g, '\\u$&');
  });
}

/**
 * Describes the wrong value of an option. Text is quoted. Numbers, booleans, `null` and `undefined` are shown unchanged. For
 * all other values, only the type is shown.
 */
export function shortValue(value: unknown): string {
  if (typeof value === 'string') return shortText(value);
  if (value === null || ['undefined', 'number', 'boolean'].includes(typeof value)) return String(value);
  return Array.isArray(value) ? 'array' : typeof value;
}
