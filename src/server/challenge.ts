import { randomBytes } from 'node:crypto';
import { types } from 'node:util';
import { AppAttestError } from '../errors.js';

const CHALLENGE_LENGTH = 32;

/** {@link CHALLENGE_LENGTH} bytes as base64url. */
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;

/** Longer JSON is not searched for a challenge; a `readChallenge` of the user's may read any length. */
const MAX_JSON_LENGTH = 1 << 20;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Finds the challenge in what a client signed. */
export type ReadChallenge = (payload: Uint8Array) => string | undefined;

/** 32 random bytes as base64url. */
export function newChallenge(): string {
  return randomBytes(CHALLENGE_LENGTH).toString('base64url');
}

/**
 * A challenge as the stores know it. Clients hash either its text or the bytes that the text stands for. `undefined` for
 * what no server can have issued: no store ever sees other text than that of a challenge.
 */
export function challengeText(challenge: unknown): string | undefined {
  if (types.isUint8Array(challenge)) {
    return challenge.length === CHALLENGE_LENGTH ? Buffer.from(challenge).toString('base64url') : undefined;
  }
  return typeof challenge === 'string' && CHALLENGE.test(challenge) ? challenge : undefined;
}

/**
 * The challenge in an assertion's payload: where the user's function finds it; else the whole payload, as text or as
 * the bytes it stands for, or the `challenge` of a JSON object.
 *
 * @throws AppAttestError `challenge_unknown`; `invalid_argument` where `readChallenge` is asynchronous
 */
export function findChallenge(payload: Uint8Array, readChallenge: ReadChallenge | undefined): string {
  const challenge = readChallenge ? readWith(readChallenge, payload) : readPayload(payload);
  if (challenge !== undefined) return challenge;
  throw new AppAttestError('challenge_unknown', 'the payload holds no challenge');
}

function readWith(readChallenge: ReadChallenge, payload: Uint8Array): string | undefined {
  let found: unknown;
  try {
    found = readChallenge(payload);
  } catch (cause) {
    throw new AppAttestError('challenge_unknown', 'readChallenge failed on the payload', { cause });
  }
  if (types.isPromise(found)) throw new AppAttestError('invalid_argument', 'readChallenge must not be asynchronous');
  return typeof found === 'string' ? challengeText(found) : undefined;
}

function readPayload(payload: Uint8Array): string | undefined {
  if (payload.length === CHALLENGE_LENGTH) return challengeText(payload);
  if (payload.length > MAX_JSON_LENGTH) return undefined;
  try {
    const text = utf8.decode(payload);
    return challengeText(text) ?? challengeText(challengeOfJson(JSON.parse(text)));
  } catch {
    return undefined;
  }
}

function challengeOfJson(json: unknown): string | undefined {
  if (typeof json !== 'object' || json === null || !('challenge' in json)) return undefined;
  return typeof json.challenge === 'string' ? json.challenge : undefined;
}
