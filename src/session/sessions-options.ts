import { AppAttestError } from '../errors.js';
import { type KnownOptions, readKnownOptions } from '../options/known-options.js';
import { readSeconds } from '../options/seconds.js';
import { readClock, type ServerClock } from '../server/server-clock.js';
import type { Session } from './session.js';
import { type ImportedSessionKey, importSessionKeys, type SessionKey } from './session-keys.js';

/**
 * Receives a session, and returns the time before which the sessions of its key or user are revoked. If `issuedAt` of the session
 * is earlier than this time, the session is rejected. If the function returns `undefined` or `null`, the session is not rejected.
 * `issuedAt` is rounded down to whole seconds. So a session that was issued after the returned time, but in the same second, may
 * be rejected too.
 */
export type RevokedBefore = (session: Session) => Date | null | undefined | Promise<Date | null | undefined>;

/** Options of {@link createSessions}. */
export interface SessionsOptions {
  /** The claim `iss` of the tokens: usually the URL of your server. 1 to 1024 characters. */
  issuer: string;
  /** The claim `aud` of the tokens: the services that accept them. 1 to 1024 characters. */
  audience: string;
  /**
   * 1 to 10 JSON Web Keys on the curve P-256 (ES256) or Ed25519 (EdDSA). The first key signs. All keys verify, and `jwks`
   * publishes the public parts of all keys. For a service that only verifies tokens, public keys are enough.
   *
   * To replace the first key, add the new key at the end on all servers. When all verifiers have read the new key, move it to the
   * front on all servers. After `ttl` plus `clockTolerance` seconds, remove the old key. `docs/sessions.md` describes these steps.
   */
  keys: readonly SessionKey[];
  /** How long a token is valid, in seconds, at most 86 400 (a day). 600 by default. */
  ttl?: number | undefined;
  /**
   * How much the clock of the issuing server may differ from the clock of this server, in seconds, from 0 to 300. 10 by default.
   * A token is accepted for this time after its expiry, and for this time before its issue.
   */
  clockTolerance?: number | undefined;
  /**
   * A function that can reject sessions before they expire. It is called for each valid token. By default, a session is valid
   * until it expires, even if its key is revoked. If the function throws an error, `verify` throws this error.
   *
   * @example
   * ```ts
   * revokedBefore: ({ keyId }) => revocations.get(keyId),
   * ```
   */
  revokedBefore?: RevokedBefore;
  /** A function that returns the current time, or a fixed `Date`. The system clock by default. Only for tests. */
  now?: Date | (() => Date) | undefined;
}

/** Checked options. */
export interface SessionsConfiguration {
  readonly issuer: string;
  readonly audience: string;
  readonly keys: readonly [ImportedSessionKey, ...ImportedSessionKey[]];
  /** Seconds. */
  readonly ttl: number;
  /** Seconds. */
  readonly clockTolerance: number;
  readonly revokedBefore: RevokedBefore | undefined;
  readonly clock: ServerClock;
}

const KNOWN: KnownOptions<SessionsOptions> = {
  issuer: 'never undefined',
  audience: 'never undefined',
  keys: 'never undefined',
  ttl: 'may be undefined',
  clockTolerance: 'may be undefined',
  revokedBefore: 'never undefined',
  now: 'may be undefined',
};

const DEFAULT_TTL = 600;
const MAX_TTL = 86_400;
const DEFAULT_CLOCK_TOLERANCE = 10;
const MAX_CLOCK_TOLERANCE = 300;
const MAX_NAME_LENGTH = 1024;

/**
 * Checks the options once, at server start.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readSessionsOptions(passed: SessionsOptions): SessionsConfiguration {
  const options = readKnownOptions<SessionsOptions>('createSessions', passed, KNOWN);
  const { ttl = DEFAULT_TTL, clockTolerance = DEFAULT_CLOCK_TOLERANCE, revokedBefore } = options;
  if (revokedBefore !== undefined && typeof revokedBefore !== 'function') {
    throw invalid('revokedBefore must be a function');
  }
  return {
    issuer: readName('issuer', options.issuer),
    audience: readName('audience', options.audience),
    keys: importSessionKeys(options.keys),
    ttl: readSeconds('ttl', ttl, MAX_TTL),
    clockTolerance: clockTolerance === 0 ? 0 : readSeconds('clockTolerance', clockTolerance, MAX_CLOCK_TOLERANCE),
    revokedBefore,
    clock: readClock(options.now),
  };
}

function readName(name: string, value: unknown): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= MAX_NAME_LENGTH) return value;
  throw invalid(`${name} must be text of 1 to ${MAX_NAME_LENGTH} characters`);
}

function invalid(message: string): AppAttestError {
  return new AppAttestError('invalid_argument', message);
}
