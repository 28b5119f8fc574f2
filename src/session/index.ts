/**
 * Sessions: an app signs one request, receives a short-lived token, and sends this token with its reads.
 *
 * @module app-attest/session
 */

export { createSessions } from './create-sessions.js';
export type { IssuedSession, Session, Sessions } from './session.js';
export type { PublicSessionKey, SessionKey } from './session-keys.js';
export type { RevokedBefore, SessionsOptions } from './sessions-options.js';
