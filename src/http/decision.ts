import type { AttestedDevice } from '../attestation/attested-device.js';
import type { AppAttestError } from '../errors.js';
import type { Capsule } from '../explain/capsule.js';
import type { Environment } from '../options/environment.js';
import type { StoredKey } from '../server/stored-key.js';
import type { Session } from '../session/session.js';
import type { AppAttestHttpError } from './http-error.js';
import type { RejectionCode } from './status.js';

/**
 * The handler that decided. For the handler `assertion`, the value is `'protected'`. For `protectWithSession`, the value is
 * `'protectedWithSession'`.
 */
export type Route = 'challenge' | 'registration' | 'protected' | 'session' | 'protectedWithSession';

/** A decision about a request, for logs and metrics. Do not send this data to the client. */
export interface Decision<Context = unknown> {
  /**
   * - `'accepted'`: The request met all requirements.
   * - `'refused'`: The request was rejected.
   * - `'reported'`: Report mode let through a protected request that `'enforce'` would have rejected.
   */
  outcome: 'accepted' | 'refused' | 'reported';
  /** The handler that decided. */
  route: Route;
  /** The code of the rejection. Absent if the request was accepted. */
  code?: RejectionCode;
  /**
   * The HTTP status of the response. For `'reported'`, it is the status with which `'enforce'` would have responded. For an
   * accepted protected request, it is 200, even if your handler responds with another status.
   */
  status: number;
  /**
   * The key identifier that the client sent, base64 with padding. Absent if the client sent no valid identifier. For a session
   * token, it is present only if the token is genuine.
   */
  keyId?: string;
  /**
   * The registered key, if a registration, a protected request or a request for a session was accepted. For a protected request
   * or a request for a session that was not accepted, it is present only with `lookUpKeys` or `capsules`.
   */
  key?: StoredKey;
  /** The session, if `protectWithSession` accepted the request. */
  session?: Session;
  /** The environment of `key` or of `session`. For a rejected registration, it comes from the unverified attestation. */
  environment?: Environment;
  /** Data about the device of `key`. For a rejected registration, it comes from the unverified attestation. */
  device?: AttestedDevice;
  /** Time from the arrival of the request to the decision, in milliseconds. */
  duration: number;
  /**
   * The full reason for the rejection. If a store or a function in the options threw an error, that error is the `cause`. Absent
   * if the request was accepted.
   */
  error?: AppAttestError | AppAttestHttpError;
  /** The HTTP method as received. */
  method: string;
  /** Path and query as received. */
  target: string;
  /**
   * The reason in the header `X-App-Attest-Unsupported`, with which an app states that its device does not support App Attest. It
   * is a signal and no proof, because any client can send the header. Absent if the header is absent, is longer than 64 characters,
   * or contains other characters than letters, digits, `_` and `-`.
   */
  unsupported?: string;
  /** The framework's request. For Hono, it is the `Context`. */
  request: Context;
  /**
   * The data with which the decision can be repeated. Present only with `capsules`, and only if a request with evidence was not
   * accepted.
   */
  evidence?: Capsule;
}

/** Called for each decision. */
export type OnDecision<Context = unknown> = (decision: Decision<Context>) => unknown;
