// The exports that app-attest/http, /express, /fastify and /hono have in common, in addition to their handlers.

export type { Capsule, CapsuleDigest, CapsuleExtensions, CapsuleKey, CapsuleValue } from '../explain/capsule.js';
export type { Decision, OnDecision, Route } from './decision.js';
export { AppAttestHttpError, type HttpErrorCode } from './http-error.js';
export type { HeaderNames, HttpOptions, Signed, WithSessions } from './http-options.js';
export type { ChooseMode, Mode, ModeClaims, ModeOption } from './mode.js';
export type { SeenSession, SessionVerdict } from './session-verdict.js';
export type { RejectionCode } from './status.js';
export type {
  AcceptedVerdict,
  AttestedVerdict,
  OtherFormatVerdict,
  SeenVerdict,
  UnattestedVerdict,
  Verdict,
} from './verdict.js';
export type { WaitUntil } from './wait-until.js';
