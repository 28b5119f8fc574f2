import { hash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { GenerationalMemo } from '../runtime/generational-memo.js';
import type { SessionsConfiguration } from './sessions-options.js';
import { readToken, verifyToken } from './signed-token.js';

/** The maximum number of tokens that are remembered. An app uses its token for many requests. */
const LIMIT = 10_000;

/**
 * The claims of tokens that were verified, by the SHA-256 of the whole token. So each token is verified once, and the tokens
 * themselves are not kept in memory. Only genuine tokens are remembered, so that a client cannot fill the memory with others.
 */
export class VerifiedTokens {
  readonly #configuration: SessionsConfiguration;
  readonly #claims = new GenerationalMemo<JWTPayload>(LIMIT);

  constructor(configuration: SessionsConfiguration) {
    this.#configuration = configuration;
  }

  /**
   * Returns the claims. The caller must check the times in them again, because a remembered token may have expired since.
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
