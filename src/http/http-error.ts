/**
 * Why a request was refused before App Attest evidence was judged, or could not be judged. The union is closed, like
 * `AppAttestErrorCode`: no code stands in both.
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

/** A refusal that has nothing to do with evidence. It reaches `onReject`, never the client. */
export class AppAttestHttpError extends Error {
  /** Why the request was rejected. */
  readonly code: HttpErrorCode;

  constructor(code: HttpErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'AppAttestHttpError';
    this.code = code;
  }
}
