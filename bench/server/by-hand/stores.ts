/** A registered key. */
export interface KeyByHand {
  keyId: string;
  /** PEM. */
  publicKey: string;
  counter: number;
}

/** The state of the service by hand. Each method is one statement, as in the stores of this package. */
export interface StoresByHand {
  /** Stores an issued challenge for an hour. */
  put(challenge: string): Promise<void>;
  /** Takes a challenge. Returns `false` if the challenge was never issued, has expired, or was taken before. */
  take(challenge: string): Promise<boolean>;
  insert(key: KeyByHand): Promise<void>;
  find(keyId: string): Promise<KeyByHand | undefined>;
  /** Stores a counter. Returns `false` if the stored counter is not lower than the new counter. */
  advance(keyId: string, counter: number): Promise<boolean>;
  /**
   * Does the work of `take` and `advance` in one statement, after the signature was verified. Present only in the service that
   * measures this statement.
   */
  takeAndAdvance?(challenge: string, keyId: string, counter: number): Promise<boolean>;
}

/** The lifetime of a challenge, in seconds. Challenges are stored before a measurement, and must be valid until its end. */
export const LIFETIME = 3600;
