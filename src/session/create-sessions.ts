import { randomUUID } from 'node:crypto';
import { AppAttestError } from '../errors.js';
import { assertNotRevoked } from './revocation.js';
import type { Sessions } from './session.js';
import { claimsAbout, sessionOf } from './session-claims.js';
import { assertCurrent } from './session-lifetime.js';
import { readSessionsOptions, type SessionsOptions } from './sessions-options.js';
import { signToken, unknownSession } from './signed-token.js';
import { VerifiedTokens } from './verified-tokens.js';

/**
 * Creates an object that issues and verifies session tokens. An app receives such a short-lived token for one signed request. No
 * store is needed: a server can verify the tokens of all servers with the same keys.
 *
 * A token is a bearer token, so anyone who has the token can use it. It proves nothing about the content of a request. Use tokens
 * for reads. Let the app sign each request that moves money or changes data.
 *
 * @throws AppAttestError `invalid_argument`: an option is missing, unknown or invalid
 *
 * @example
 * ```ts
 * const sessions = createSessions({
 *   issuer: 'https://api.example.com',
 *   audience: 'https://api.example.com',
 *   keys: JSON.parse(SESSION_KEYS), // private JSON Web Keys, the same on all servers
 * });
 * const { session, jwks, protect, protectWithSession } = expressHandlers(appAttest, { sessions });
 * ```
 *
 * @see https://www.rfc-editor.org/rfc/rfc7519
 * @see https://www.rfc-editor.org/rfc/rfc8725
 */
export function createSessions(options: SessionsOptions): Sessions {
  const configuration = readSessionsOptions(options);
  const { issuer, audience, keys, ttl, clockTolerance, revokedBefore, clock } = configuration;
  const verifiedTokens = new VerifiedTokens(configuration);
  return {
    async issue(authenticated) {
      const issuedAt = Math.floor(clock.now().getTime() / 1000);
      const registered = { iss: issuer, aud: audience, iat: issuedAt, exp: issuedAt + ttl, jti: randomUUID() };
      if (typeof authenticated?.key !== 'object' || authenticated.key === null) throw notAuthenticated();
      // The verdict of `protectWithSession` has a key too. A token could then be renewed forever without an assertion.
      if ('session' in authenticated) throw notAuthenticated();
      const claims = { ...registered, ...claimsAbout(authenticated) };
      const session = sessionOf(claims);
      if (!session) throw notAuthenticated();
      return { token: await signToken(configuration, claims), expiresAt: session.expiresAt };
    },

    async verify(token) {
      const now = clock.now();
      const session = sessionOf(await verifiedTokens.claimsOf(token, now));
      if (!session) throw unknownSession('a claim of the token is missing or invalid');
      assertCurrent(session, now, clockTolerance);
      if (revokedBefore) await assertNotRevoked(revokedBefore, session);
      return session;
    },

    jwks: () => ({ keys: keys.map(({ published }) => ({ ...published })) }),
  };
}

function notAuthenticated(): AppAttestError {
  return new AppAttestError('invalid_argument', 'issue needs the result of authenticate, with a valid key');
}
