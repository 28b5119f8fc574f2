/**
 * Handlers for challenges, registrations and protected requests. They use `Request` and `Response` of the Fetch standard.
 *
 * @module app-attest/http
 */

export { AppAttestHttpError, type HttpErrorCode } from './http-error.js';
export { type HttpHandlers, httpHandlers, type ProtectedHandler } from './http-handlers.js';
export type { HeaderNames, HttpOptions, Signed } from './http-options.js';
export type { OnReject, Rejection, Route } from './rejection.js';
export type { RejectionCode } from './status.js';
