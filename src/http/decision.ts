import type { AttestedDevice } from '../attestation/attested-device.js';
import type { AppAttestError } from '../errors.js';
import type { Capsule } from '../explain/capsule.js';
import type { Environment } from '../options/environment.js';
import type { StoredKey } from '../server/stored-key.js';
import type { AppAttestHttpError } from './http-error.js';
import type { RejectionCode } from './status.js';

/** The handler that decided. The `assertion` handler is `'protected'` too. */
export type Route = 'challenge' | 'registration' | 'protected';

/** A decision about a request, for logs and metrics. Do not send any of it to the client. */
export interface Decision<Context = unknown> {
  /**
   * - `'accepted'`: the request met all requirements.
   * - `'refused'`: the client received the code.
   * - `'reported'`: `mode: 'report'` let a protected request through that would have been refused.
   */
  outcome: 'accepted' | 'refused' | 'reported';
  /** Which handler decided. */
  route: Route;
  /** Why the request was refused or reported. Absent if it was accepted. */
  code?: RejectionCode;
  /**
   * The status of the answer. For `'reported'`, the status of the answer in `mode: 'enforce'`. For an accepted protected
   * request 200, regardless of what your handler answers.
   */
  status: number;
  /** The key identifier that the client sent, base64 with padding. Absent if it sent none. */
  keyId?: string;
  /** The registered key: of each accepted registration or protected request; of others only with `lookUpKeys`. */
  key?: StoredKey;
  /** From `key`. For a registration that was refused, what the client claims: none of it is verified. */
  environment?: Environment;
  /** As `environment`. */
  device?: AttestedDevice;
  /** Time from the arrival of the request to the decision, in milliseconds. */
  duration: number;
  /**
   * The full reason: an `AppAttestError` or an `AppAttestHttpError`. If a store threw, its error is the `cause`. Absent if
   * the request was accepted.
   */
  error?: AppAttestError | AppAttestHttpError;
  /** The HTTP method as it arrived. */
  method: string;
  /** Path and query as received. */
  target: string;
  /** The framework's request: the `Request` of Fetch, Express or Fastify, or the `Context` of Hono. */
  request: Context;
  /** What is needed to verify a refused or reported registration or protected request again. Only with `capsules`. */
  evidence?: Capsule;
}

/** Called for each decision. */
export type OnDecision<Context = unknown> = (decision: Decision<Context>) => unknown;
