/**
 * Why a request was rejected before its App Attest evidence was verified, or why it could not be verified. The union is
 * closed, like `AppAttestErrorCode`, and the two share no code.
 */
export type HttpErrorCode =
  | 'malformed_request'
  | 'method_not_allowed'
  | 'assertion_missing'
  | 'request_mismatch'
  | 'subject_missing'
  | 'unsupported_media_type'
  | 'body_too_large'
  | 'body_timeout'
  | 'body_incomplete'
  | 'body_already_read'
  | 'unavailable';

/** A rejection that is not about the evidence. It is passed to `onDecision` and never sent to the client. */
export class AppAttestHttpError extends Error {
  /** Why the request was rejected. */
  readonly code: HttpErrorCode;

  constructor(code: HttpErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'AppAttestHttpError';
    this.code = code;
  }
}
