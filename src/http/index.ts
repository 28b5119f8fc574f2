/**
 * Handlers for challenges, registrations and protected requests. They use `Request` and `Response` of the Fetch standard.
 *
 * @module app-attest/http
 */

export * from './entry-exports.js';
export { type HttpHandlers, type HttpSessionHandlers, httpHandlers, type ProtectedHandler } from './http-handlers.js';
