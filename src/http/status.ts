import type { AppAttestErrorCode } from '../errors.js';
import type { HttpErrorCode } from './http-error.js';

/** The code of a rejected request. The client receives it as `error` in the response. */
export type RejectionCode = AppAttestErrorCode | HttpErrorCode;

/**
 * The HTTP status of each code (RFC 9110 §15):
 *
 * - 400: The request cannot be decoded.
 * - 401: The evidence or the user is missing, or the evidence is invalid. The app may try again with fresh evidence.
 * - 403: The evidence is valid, but the server does not allow this key, app or device.
 * - 5xx: The server could not verify the request.
 * - All other statuses have their standard meaning.
 */
export const STATUS: Readonly<Record<RejectionCode, number>> = {
  malformed_request: 400,
  malformed_attestation: 400,
  malformed_assertion: 400,
  malformed_receipt: 400,
  unsupported_format: 400,
  body_incomplete: 400,

  assertion_missing: 401,
  request_mismatch: 401,
  subject_missing: 401,
  challenge_unknown: 401,
  challenge_expired: 401,
  challenge_used: 401,
  key_unknown: 401,
  untrusted_certificate: 401,
  certificate_expired: 401,
  nonce_mismatch: 401,
  key_id_mismatch: 401,
  public_key_mismatch: 401,
  app_id_mismatch: 401,
  counter_not_zero: 401,
  counter_not_increased: 401,
  environment_mismatch: 401,
  credential_id_mismatch: 401,
  invalid_signature: 401,
  receipt_expired: 401,
  receipt_too_old: 401,
  receipt_key_mismatch: 401,
  receipt_challenge_mismatch: 401,
  session_missing: 401,
  session_unknown: 401,
  session_expired: 401,
  session_revoked: 401,

  key_revoked: 403,
  extension_rejected: 403,
  extension_missing: 403,
  access_control_mismatch: 403,

  method_not_allowed: 405,
  body_timeout: 408,
  key_already_registered: 409,
  body_too_large: 413,
  unsupported_media_type: 415,

  invalid_argument: 500,
  body_already_read: 500,
  unavailable: 503,
  overloaded: 503,
  receipt_request_failed: 503,
};
