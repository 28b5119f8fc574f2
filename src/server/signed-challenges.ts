import type { KeyObject } from 'node:crypto';
import { isBytes } from '../encoding/bytes.js';
import { AppAttestError } from '../errors.js';
import { readKnownOptions } from '../options/known-options.js';
import type { ChallengeRecord, ChallengeStore } from './challenge-store.js';
import { challengeSecret, readSignedChallenge, signChallenge, statesUser } from './signed-challenge.js';

/** Options of {@link signedChallenges}. */
export interface SignedChallengesOptions {
  /**
   * The secrets, 1 to 10. A secret is bytes, or text that the server encodes as UTF-8. Each secret must have at least
   * 32 random bytes. All servers need the same secrets. The first secret signs new challenges. Challenges of the other
   * secrets are still accepted. To replace a secret, first add the new secret at the end on all servers. Then move it
   * to the front on all servers. After `challengeTtl` seconds, remove the old secret.
   */
  secrets: readonly (string | Uint8Array)[];
  /**
   * The store that remembers the challenges that were taken. The store needs the method `spend`. All stores of this
   * package have this method.
   */
  used: ChallengeStore;
}

const MIN_SECRET_LENGTH = 32;
const MAX_SECRETS = 10;

/** Challenges that need no storage until they are taken. Created by {@link signedChallenges}. */
export class SignedChallenges {
  readonly #signing: KeyObject;
  readonly #secrets: readonly KeyObject[];
  readonly #spend: (challenge: string, record: ChallengeRecord) => Promise<boolean>;

  /** @internal */
  constructor(
    secrets: readonly [KeyObject, ...KeyObject[]],
    spend: (challenge: string, record: ChallengeRecord) => Promise<boolean>,
  ) {
    this.#signing = secrets[0];
    this.#secrets = secrets;
    this.#spend = spend;
  }

  /** Creates a challenge. Calls no store. */
  issue(record: ChallengeRecord): string {
    return signChallenge(this.#signing, record);
  }

  /** Returns whether a challenge states that it was issued for a user. Such a challenge can only be read with the user. */
  namesUser(challenge: string): boolean {
    return statesUser(challenge);
  }

  /**
   * Returns the record of a challenge that was signed with one of the secrets. Calls no store. Returns `undefined` for a forged
   * challenge, and for a challenge of another user. The caller must compare the purpose and the expiry.
   */
  read(challenge: string, user: string | undefined): ChallengeRecord | undefined {
    return readSignedChallenge(this.#secrets, challenge, user);
  }

  /** Marks a challenge as used. Returns `true` for the first call only, on all servers. */
  async spend(challenge: string, record: ChallengeRecord): Promise<boolean> {
    return (await this.#spend(challenge, record)) === true;
  }
}

/**
 * Issues challenges without storing them. A challenge contains its purpose, its expiry and an HMAC over both and the user. The
 * store `used` only remembers challenges that were taken. So any number of requests for challenges needs no storage.
 *
 * Pass the result as the option `challenges`. Without `challenges` and `keys`, `createAppAttest` uses signed
 * challenges, and remembers used challenges in memory.
 *
 * `docs/stores.md` describes how signed challenges differ from stored ones.
 *
 * @throws AppAttestError `invalid_argument`: there are no secrets or more than ten, a secret is too short, or `used` has no
 * method `spend`
 *
 * @example
 * ```ts
 * const { challenges: used, keys } = redisStores(client);
 * const challenges = signedChallenges({ secrets: [process.env.CHALLENGE_SECRET ?? ''], used });
 * const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app', challenges, keys });
 * ```
 *
 * @see https://www.rfc-editor.org/rfc/rfc2104
 */
export function signedChallenges(options: SignedChallengesOptions): SignedChallenges {
  const { secrets, used } = readKnownOptions<SignedChallengesOptions>('signedChallenges', options, {
    secrets: 'never undefined',
    used: 'never undefined',
  });
  if (typeof used !== 'object' || used === null || typeof used.spend !== 'function') {
    throw invalid('used must be a ChallengeStore with the method spend');
  }
  return new SignedChallenges(readSecrets(secrets), used.spend.bind(used));
}

/**
 * Whether the option `challenges` is a result of {@link signedChallenges}. The function of another copy of this module
 * may have created the result, so `instanceof` is not used.
 */
export function areSigned(challenges: ChallengeStore | SignedChallenges): challenges is SignedChallenges {
  return 'issue' in challenges;
}

function readSecrets(secrets: unknown): [KeyObject, ...KeyObject[]] {
  const [first, ...others] = Array.isArray(secrets) ? secrets.map(readSecret) : [];
  if (first && others.length < MAX_SECRETS) return [first, ...others];
  throw invalid(`secrets must be an array of 1 to ${MAX_SECRETS} secrets`);
}

function readSecret(secret: unknown): KeyObject {
  const bytes = typeof secret === 'string' ? Buffer.from(secret) : secret;
  if (isBytes(bytes) && bytes.length >= MIN_SECRET_LENGTH) return challengeSecret(bytes);
  throw invalid(`each secret must be text or bytes, with at least ${MIN_SECRET_LENGTH} bytes`);
}

function invalid(message: string): AppAttestError {
  return new AppAttestError('invalid_argument', message);
}
