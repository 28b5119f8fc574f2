/**
 * Codes for requests that are rejected for a reason outside the App Attest evidence. The union is closed, like
 * `AppAttestErrorCode`. No code is in both unions.
 */
export type HttpErrorCode =
  | 'malformed_request'
  | 'method_not_allowed'
  | 'assertion_missing'
  | 'session_missing'
  | 'request_mismatch'
  | 'subject_missing'
  | 'unsupported_media_type'
  | 'body_too_large'
  | 'body_timeout'
  | 'body_incomplete'
  | 'body_already_read'
  | 'unavailable';

/** The reason for a rejection outside the evidence. `onDecision` receives this error. The client receives only the code. */
export class AppAttestHttpError extends Error {
  /** The reason for the rejection. */
  readonly code: HttpErrorCode;

  constructor(code: HttpErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'AppAttestHttpError';
    this.code = code;
  }
}
