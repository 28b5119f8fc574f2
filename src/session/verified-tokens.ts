import { hash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { GenerationalMemo } from '../runtime/generational-memo.js';
import type { SessionsConfiguration } from './sessions-options.js';
import { readToken, verifyToken } from './signed-token.js';

/** The maximum number of tokens that are remembered. */
const LIMIT = 10_000;

/**
 * Remembers the claims of verified tokens, so that the signature of a token is usually verified only once: an app uses its token
 * for many requests. The memory contains the SHA-256 hash of each token, but not the token. Only genuine tokens are remembered, so
 * forged tokens cannot fill the memory.
 */
export class VerifiedTokens {
  readonly #configuration: SessionsConfiguration;
  readonly #claims = new GenerationalMemo<JWTPayload>(LIMIT);

  constructor(configuration: SessionsConfiguration) {
    this.#configuration = configuration;
  }

  /**
   * Returns the claims of a genuine token. The caller must check the times in the claims, because a remembered token may have
   * expired.
   *
   * @throws AppAttestError `session_unknown`, `session_expired`
   */
  async claimsOf(passed: unknown, now: Date): Promise<JWTPayload> {
    const token = readToken(passed);
    const digest = hash('sha256', token, 'base64');
    const known = this.#claims.get(digest);
    if (known) return known;
    const claims = await verifyToken(this.#configuration, token, now);
    this.#claims.set(digest, claims);
    return claims;
  }
}
