/** The purpose of a challenge: `'attestation'` to register a key, `'assertion'` to sign a request. */
export type ChallengePurpose = 'attestation' | 'assertion';

/** The stored data of an issued challenge. */
export interface ChallengeRecord {
  /** The purpose of the challenge. */
  purpose: ChallengePurpose;
  /** The user that the challenge was issued for. Absent if the challenge is valid for every user. */
  subject?: string | undefined;
  /** The time of issue, by the clock of the issuing server. If it is absent, the store uses the current time. */
  issuedAt?: Date;
  /** The time of expiry, by the clock of the issuing server. */
  expiresAt: Date;
}

/** The reason why a challenge is no longer valid. */
export type ChallengeFate = 'used' | 'expired';

/**
 * Stores issued challenges until they are used. Each method is atomic for all servers that share the data. A method
 * that cannot reach the database must return a rejected promise. The server then rejects the request.
 *
 * Test an implementation with `app-attest/server/conformance`.
 */
export interface ChallengeStore {
  /**
   * Stores a challenge of 43 base64url characters.
   *
   * A store should delete the challenge when its lifetime, `expiresAt - issuedAt`, has passed by the clock of the store.
   * An expired challenge then does not become valid again if the clock of a server is set back. This deletion is
   * optional: the server always compares `expiresAt` with its own clock.
   */
  put(challenge: string, record: ChallengeRecord): Promise<void>;

  /**
   * Returns the record of a challenge and deletes the record, in one atomic step. For each challenge, only one call
   * returns the record. All other calls return `undefined`.
   */
  take(challenge: string): Promise<ChallengeRecord | null | undefined>;

  /**
   * Returns the reason why `take` returned no record, for error codes and logs. Returns `undefined` if the store has no
   * data about the challenge. The server then treats the challenge as never issued. This method is optional.
   */
  fate?(challenge: string): Promise<ChallengeFate | null | undefined>;

  /**
   * Marks a challenge as used, in one atomic step. The challenge was never stored with `put`. For each challenge, only
   * one call returns `true`, and all other calls return `false`. `take` does not return such a challenge.
   *
   * The store must remember the challenge for at least twice its lifetime, by its own clock. The lifetime is
   * `expiresAt - issuedAt`. This method is optional. `signedChallenges` needs it.
   */
  spend?(challenge: string, record: ChallengeRecord): Promise<boolean>;
}
