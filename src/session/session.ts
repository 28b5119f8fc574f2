import type { Environment } from '../options/environment.js';
import type { AuthenticatedRequest } from '../server/authenticate.js';
import type { PublicSessionKey } from './session-keys.js';

/** The content of a valid token. All values are from the time at which the token was issued. */
export interface Session {
  /** The key identifier of the key that signed the assertion, base64 with padding. */
  keyId: string;
  /** The App ID of the key. */
  appId: string;
  /** The App Attest environment of the key. */
  environment: Environment;
  /** The user of the key. Absent if the key had no user. */
  subject?: string;
  /** How the app was signed and launched: a `ValidationCategory`. Absent if the assertion had no signed category. */
  validationCategory?: number;
  /** The time of issue, in whole seconds, by the clock of the issuing server. */
  issuedAt: Date;
  /** The time of expiry, by the clock of the issuing server. */
  expiresAt: Date;
  /** An identifier of this session, for logs. It is unique, and not secret. */
  id: string;
}

/** A token, and the time of its expiry. */
export interface IssuedSession {
  /** A signed JWT in the compact form, at most 8192 characters. It is secret: whoever has it can use it. */
  token: string;
  /** The time of expiry, by the clock of this server. */
  expiresAt: Date;
}

/** Issues and verifies session tokens. Created by `createSessions`. */
export interface Sessions {
  /**
   * Issues a token for an accepted request. Pass only the result of `authenticate`, or the verdict with `attested: true` that
   * `protect` passes to your handler. The verdict of `protectWithSession` is rejected.
   *
   * @throws AppAttestError `invalid_argument` in one of these cases: the argument does not contain a valid key, the first of
   * `keys` has no private part, the user is so long that the token would exceed 8192 characters, or the clock returned no valid
   * time
   *
   * @example
   * ```ts
   * const { token, expiresAt } = await sessions.issue(await appAttest.authenticate(body));
   * ```
   */
  issue(authenticated: Pick<AuthenticatedRequest, 'key' | 'extensions'>): Promise<IssuedSession>;

  /**
   * Verifies a token. Reads no store, unless your function `revokedBefore` reads one.
   *
   * @param token The token from the header `Authorization`, without `Bearer`
   *
   * @throws AppAttestError with one of these codes:
   * - `session_unknown`: the token is malformed or too long, was not signed by one of `keys`, has another issuer, audience or
   *   type, has a missing or invalid claim, or was issued in the future
   * - `session_expired`: the token is genuine, and has expired
   * - `session_revoked`: the token is genuine, and was issued before the time that `revokedBefore` returned
   * - `invalid_argument`: the clock or `revokedBefore` returned no valid time
   *
   * An error of `revokedBefore` is thrown unchanged. If this happens, respond with status 503.
   *
   * @example
   * ```ts
   * const { keyId, subject } = await sessions.verify(token);
   * ```
   */
  verify(token: string): Promise<Session>;

  /**
   * Returns the public keys as a JSON Web Key Set (RFC 7517 §5), in the order of the option `keys`. Other services can verify
   * tokens with these keys.
   *
   * @example
   * ```ts
   * app.get('/.well-known/jwks.json', (_request, response) => response.json(sessions.jwks()));
   * ```
   */
  jwks(): {
    /** The public keys. */
    keys: PublicSessionKey[];
  };
}
