import { isBytes } from '../encoding/bytes.js';
import { AppAttestError, shortValue } from '../errors.js';
import { readClientDataHash } from '../options/client-data-hash.js';
import { copyOf } from '../options/evidence.js';

/** The client data that the server expects, and the hash that `verify…` compares. */
export interface ExpectedClientData {
  /** The bytes that the app must have passed to the device as `clientDataHash`. */
  readonly hash: Uint8Array;
  /** The client data. `undefined` if the caller passed only its hash. */
  readonly value: string | Uint8Array | undefined;
}

/**
 * Checks and copies the options `challenge` or `payload`, and `clientDataHash`. All of these options may be absent.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readExpectedClientData(
  name: 'challenge' | 'payload',
  value: unknown,
  hash: unknown,
): ExpectedClientData | undefined {
  if (value === undefined && hash === undefined) return undefined;
  // Bytes are copied, because the caller may change them before they are compared.
  const kept = isBytes(value) ? copyOf(value, name) : value;
  return {
    hash: readClientDataHash(name, kept, hash),
    value: typeof kept === 'string' || isBytes(kept) ? kept : undefined,
  };
}

/** The maximum number of other challenges that are tried. */
const MAX_OTHER_CHALLENGES = 64;
/** The maximum length of another challenge that is tried, in UTF-16 code units. */
const MAX_OTHER_CHALLENGE_LENGTH = 1024;

/**
 * Checks and copies the option `otherChallenges`.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readOtherChallenges(challenges: unknown): readonly string[] {
  if (challenges === undefined) return [];
  if (!Array.isArray(challenges)) throw notChallenges(challenges);
  return challenges.slice(0, MAX_OTHER_CHALLENGES).filter((challenge: unknown): challenge is string => {
    if (typeof challenge !== 'string') throw notChallenges(challenge);
    return challenge.length <= MAX_OTHER_CHALLENGE_LENGTH;
  });
}

function notChallenges(value: unknown): AppAttestError {
  return new AppAttestError(
    'invalid_argument',
    `otherChallenges must be an array of strings, not ${shortValue(value)}`,
  );
}
