/**
 * Why evidence or a call was rejected. The union is closed, so a `switch` over it can be exhaustive.
 *
 * | code | cause |
 * | --- | --- |
 * | `invalid_argument` | the calling server: an option is missing, contradictory or of the wrong type, or a package cannot be loaded |
 * | `malformed_attestation`, `malformed_assertion`, `malformed_receipt` | the client: the evidence cannot be decoded |
 * | `unsupported_format` | the client: the evidence is not from App Attest |
 * | `overloaded` | the load: too many verifications are waiting. Nothing was decided; try again after `retryAfter` seconds |
 * | every other code | the evidence is well-formed, but a check failed |
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
  | 'key_revoked';

/** Details of an {@link AppAttestError}, in addition to its code and message. */
export interface AppAttestErrorDetails {
  /** The underlying error. */
  cause?: unknown;
  /** The value that the server expected: shortened hex for bytes, text otherwise. */
  expected?: string;
  /** The value in the evidence, in the same form. */
  actual?: string;
  /** The HTTP status of the answer from Apple's server, for `receipt_request_failed`. */
  status?: number;
  /** Seconds to wait before the next attempt: for `overloaded`, and if Apple's server sent `Retry-After`. */
  retryAfter?: number;
}

/**
 * The only error that this package throws for input from a client.
 *
 * Decide by `code`. `message` is for the person who reads the log: do not send it to the client, and do not parse it.
 * Text from the client is quoted and shortened in it, so an error stays on one line of the log.
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
  /** Which check failed. */
  readonly code: AppAttestErrorCode;
  /** The value that the server expected, if two values differ: shortened hex for bytes, text otherwise. */
  readonly expected: string | undefined;
  /** The value in the evidence, if two values differ. */
  readonly actual: string | undefined;
  /** The HTTP status of the answer from Apple's server, for `receipt_request_failed`; absent if there was no answer. */
  readonly status: number | undefined;
  /** Seconds to wait before the next attempt: for `overloaded`, and if Apple's server sent `Retry-After`. */
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

/** The first bytes as hex, enough to compare two log lines by eye. */
export function shortHex(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.subarray(0, SHORT_HEX_BYTES)).toString('hex');
  return bytes.length > SHORT_HEX_BYTES ? `${hex}…` : hex;
}

/** Text from a client, quoted, escaped and shortened, so that it can neither forge log lines nor flood the log. */
export function shortText(text: string): string {
  const cut = text.length > SHORT_TEXT_LENGTH ? `${text.slice(0, SHORT_TEXT_LENGTH)}…` : text;
  return JSON.stringify(cut).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return Buffer.from(character, 'utf16le').swap16().toString('hex').replace(/..../g, '\\u$&');
  });
}

/** A wrong value of an option: quoted text, a number or word as it is, and only the type of anything else. */
export function shortValue(value: unknown): string {
  if (typeof value === 'string') return shortText(value);
  if (value === null || ['undefined', 'number', 'boolean'].includes(typeof value)) return String(value);
  return Array.isArray(value) ? 'array' : typeof value;
}
