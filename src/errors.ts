/**
 * Why evidence or a call was refused. The union is closed: switch over it.
 *
 * | code | who is at fault |
 * | --- | --- |
 * | `invalid_argument` | the calling server: a missing, contradictory or badly typed option, or a package that cannot be loaded |
 * | `malformed_attestation`, `malformed_assertion`, `malformed_receipt` | the client: not evidence at all |
 * | `unsupported_format` | the client: evidence, but not Apple's App Attest |
 * | `overloaded` | nobody: too much is being verified; nothing was decided, try again after `retryAfter` seconds |
 * | every other code | the evidence is well-formed and one check failed |
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

/** What an {@link AppAttestError} carries beside its code and message. */
export interface AppAttestErrorDetails {
  /** The lower-level error that led here. */
  cause?: unknown;
  /** What the server expected: short hex for bytes, text otherwise. */
  expected?: string;
  /** What the evidence holds instead, in the same form. */
  actual?: string;
  /** The HTTP status that Apple's server answered, for `receipt_request_failed`. */
  status?: number;
  /** Seconds after which to try again: for `overloaded`, and where Apple's server said so. */
  retryAfter?: number;
}

/**
 * The only error this package throws for what a client sent.
 *
 * Decide by `code`. `message` is a sentence for the person who reads the log; do not send it to the client, and do not
 * parse it. Text that came from the client is quoted and shortened in it, so a log line stays one line.
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
  /** What the server expected, where two values differ: short hex for bytes, text otherwise. */
  readonly expected: string | undefined;
  /** What the evidence holds instead, where two values differ. */
  readonly actual: string | undefined;
  /** The HTTP status that Apple's server answered; absent where no answer came, and for every other code. */
  readonly status: number | undefined;
  /** Seconds after which to try again: for `overloaded`, and where Apple's server said so. */
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

/** Text from a client, quoted, escaped and cut, so that it can neither forge nor flood a log line. */
export function shortText(text: string): string {
  const cut = text.length > SHORT_TEXT_LENGTH ? `${text.slice(0, SHORT_TEXT_LENGTH)}…` : text;
  return JSON.stringify(cut).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return Buffer.from(character, 'utf16le').swap16().toString('hex').replace(/..../g, '\\u$&');
  });
}
