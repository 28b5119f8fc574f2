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
  /** Uses up a challenge. Returns `false` if it was never issued, has expired, or was used before. */
  take(challenge: string): Promise<boolean>;
  insert(key: KeyByHand): Promise<void>;
  find(keyId: string): Promise<KeyByHand | undefined>;
  /** Returns `false` if the stored counter is not lower. */
  advance(keyId: string, counter: number): Promise<boolean>;
}

/** The lifetime of a challenge in seconds. It is long, because challenges are issued before the measurement starts. */
export const LIFETIME = 3600;
