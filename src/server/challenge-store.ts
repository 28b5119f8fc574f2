/** The purpose of a challenge: to register a key, or to sign a request. */
export type ChallengePurpose = 'attestation' | 'assertion';

/** What the server stores about a challenge that it issued. */
export interface ChallengeRecord {
  /** What it was issued for. */
  purpose: ChallengePurpose;
  /** The user that it was issued for, as the server names it. */
  subject?: string | undefined;
  /** When it was issued, by the issuing server's clock. If absent: now. */
  issuedAt?: Date;
  /** When it expires, by the issuing server's clock. */
  expiresAt: Date;
}

/** Why a challenge is no longer available. */
export type ChallengeFate = 'used' | 'expired';

/**
 * Stores issued challenges until they are used. Each method is atomic for all servers that share the data. A method
 * that cannot reach its database must reject; the request is then rejected.
 *
 * Test an implementation with `app-attest/server/conformance`.
 */
export interface ChallengeStore {
  /**
   * Stores a challenge: 43 characters of base64url.
   *
   * Let it expire by the store's own clock, after `expiresAt - issuedAt`, regardless of the servers' clocks. A server
   * clock that is set back can then not make it valid again. This is optional: the server compares `expiresAt` with its
   * own clock in any case.
   */
  put(challenge: string, record: ChallengeRecord): Promise<void>;

  /** Resolves to the record for exactly one caller, and to `undefined` for every later call. */
  take(challenge: string): Promise<ChallengeRecord | null | undefined>;

  /**
   * Optional, for logs: why `take` returned nothing. `undefined` if the store does not know, or no longer knows; the
   * challenge then counts as never issued.
   */
  fate?(challenge: string): Promise<ChallengeFate | null | undefined>;
}
