/** What a challenge is for: to register a key, or to sign a request. */
export type ChallengePurpose = 'attestation' | 'assertion';

/** What a server knows about a challenge that it issued. */
export interface ChallengeRecord {
  /** What it was issued for. */
  purpose: ChallengePurpose;
  /** Whom it was issued for, in the server's own terms. */
  subject?: string | undefined;
  /** When the issuing server's clock says it was issued. Now, where it is absent. */
  issuedAt?: Date;
  /** When the issuing server's clock says it is over. */
  expiresAt: Date;
}

/** What became of a challenge that is no longer there. */
export type ChallengeFate = 'used' | 'expired';

/**
 * Where challenges wait for their answers. Each method is atomic for all servers on the same data. A method that cannot
 * reach its database rejects, and the request is refused.
 *
 * `app-attest/server/conformance` proves an implementation.
 */
export interface ChallengeStore {
  /**
   * Keeps a challenge: 43 characters of base64url.
   *
   * Let it expire by the store's own clock, after `expiresAt - issuedAt`, whatever the clocks of the servers say: then
   * none of them can bring it back by being set back. A store may leave this out; the server compares `expiresAt` with
   * its own clock in any case.
   */
  put(challenge: string, record: ChallengeRecord): Promise<void>;

  /** Its record, to exactly one caller, and nothing ever after. */
  take(challenge: string): Promise<ChallengeRecord | null | undefined>;

  /**
   * Optional, for logs: why `take` gave nothing. `undefined` where the store does not know (any longer), so that the
   * challenge counts as never issued.
   */
  fate?(challenge: string): Promise<ChallengeFate | null | undefined>;
}
