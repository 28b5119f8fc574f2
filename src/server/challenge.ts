import { randomBytes } from 'node:crypto';
import { AppAttestError } from '../errors.js';
import { isAsynchronous } from '../runtime/asynchronous.js';

const CHALLENGE_LENGTH = 32;

/** {@link CHALLENGE_LENGTH} bytes as base64url. */
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;
const CHALLENGE_TEXT_LENGTH = 43;

/** Longer JSON is not searched for a challenge. `readChallenge` in the options may read any length. */
const MAX_JSON_LENGTH = 1 << 20;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Finds the challenge in the client data, which are the bytes that the app hashed. */
export type ReadChallenge = (clientData: Uint8Array) => string | undefined;

/** The entry of a request that holds client data. */
export type ClientDataEntry = 'challenge' | 'payload';

/** A well-formed challenge that was found in client data. */
export interface FoundChallenge {
  readonly challenge: string;
  /** Where it was found, for error messages. */
  readonly source: string;
}

/** Returns the text if it is a well-formed challenge. No store ever receives any other text. */
export function challengeText(challenge: unknown): string | undefined {
  return typeof challenge === 'string' && CHALLENGE.test(challenge) ? challenge : undefined;
}

/** 32 random bytes as base64url. */
export function newChallenge(): string {
  return randomBytes(CHALLENGE_LENGTH).toString('base64url');
}

/**
 * Finds the challenge in the client data of an assertion. `readChallenge` decides if there is one. Otherwise the
 * challenge is the whole client data, as text or as the decoded bytes, or the entry `challenge` of a JSON object.
 *
 * @throws AppAttestError `challenge_unknown`; `invalid_argument` if `readChallenge` is asynchronous
 */
export function findChallenge(
  entry: ClientDataEntry,
  clientData: Uint8Array,
  readChallenge: ReadChallenge | undefined,
): FoundChallenge {
  if (readChallenge) return readWith(readChallenge, entry, clientData);
  return wholeChallenge(entry, clientData) ?? challengeInJson(entry, clientData);
}

/**
 * Finds the challenge in the client data of an attestation. Most apps attest the challenge itself, even if their
 * assertions sign something else. Other client data is searched like that of an assertion.
 *
 * @throws AppAttestError as {@link findChallenge}
 */
export function findAttestedChallenge(
  entry: ClientDataEntry,
  clientData: Uint8Array,
  readChallenge: ReadChallenge | undefined,
): FoundChallenge {
  return wholeChallenge(entry, clientData) ?? findChallenge(entry, clientData, readChallenge);
}

function readWith(readChallenge: ReadChallenge, entry: ClientDataEntry, clientData: Uint8Array): FoundChallenge {
  let found: unknown;
  try {
    found = readChallenge(clientData);
  } catch (cause) {
    throw new AppAttestError('challenge_unknown', `readChallenge threw an error for the ${entry}`, { cause });
  }
  if (isAsynchronous(found)) {
    throw new AppAttestError('invalid_argument', 'readChallenge must be synchronous, but returned a promise');
  }
  if (found === undefined || found === null) {
    throw new AppAttestError('challenge_unknown', `readChallenge found no challenge in the ${entry}`);
  }
  return {
    challenge: requireChallenge(found, `readChallenge returned a malformed challenge for the ${entry}`),
    source: `found by readChallenge in the ${entry}`,
  };
}

/** Clients hash either the text of a challenge or the bytes that it encodes. */
function wholeChallenge(entry: ClientDataEntry, clientData: Uint8Array): FoundChallenge | undefined {
  const source = `found as the whole ${entry}`;
  if (clientData.length === CHALLENGE_LENGTH) {
    return { challenge: Buffer.from(clientData).toString('base64url'), source };
  }
  if (clientData.length !== CHALLENGE_TEXT_LENGTH) return undefined;
  const challenge = challengeText(Buffer.from(clientData).toString('latin1'));
  return challenge === undefined ? undefined : { challenge, source };
}

function challengeInJson(entry: ClientDataEntry, clientData: Uint8Array): FoundChallenge {
  const neither = `the ${entry} is neither a challenge nor JSON with an entry challenge`;
  const json = parseJson(neither, clientData);
  if (typeof json !== 'object' || json === null || !Object.hasOwn(json, 'challenge')) {
    throw new AppAttestError('challenge_unknown', `${neither}: it is JSON without that entry`);
  }
  return {
    challenge: requireChallenge(
      Reflect.get(json, 'challenge'),
      `the entry challenge in the JSON of the ${entry} is not a well-formed challenge`,
    ),
    source: `found as the entry challenge in the JSON of the ${entry}`,
  };
}

function parseJson(neither: string, clientData: Uint8Array): unknown {
  const { length } = clientData;
  if (length > MAX_JSON_LENGTH) {
    throw new AppAttestError(
      'challenge_unknown',
      `${neither}: JSON longer than ${MAX_JSON_LENGTH} bytes is not searched`,
    );
  }
  try {
    return JSON.parse(utf8.decode(clientData));
  } catch {
    // The cause would quote the client data.
    throw new AppAttestError('challenge_unknown', `${neither}: it is ${length} bytes that are not JSON`);
  }
}

/** @throws AppAttestError `challenge_unknown` */
export function requireChallenge(challenge: unknown, message: string): string {
  const text = challengeText(challenge);
  if (text !== undefined) return text;
  throw new AppAttestError('challenge_unknown', message, {
    expected: `${CHALLENGE_TEXT_LENGTH} characters of base64url`,
    actual: typeof challenge === 'string' ? `text of ${challenge.length} characters` : typeof challenge,
  });
}
