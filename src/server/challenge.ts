import { randomBytes } from 'node:crypto';
import { AppAttestError } from '../errors.js';
import { isAsynchronous } from '../runtime/asynchronous.js';

const CHALLENGE_LENGTH = 32;

/** {@link CHALLENGE_LENGTH} bytes as base64url. */
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;
const CHALLENGE_TEXT_LENGTH = 43;

/** Longer JSON is not searched for a challenge; a `readChallenge` of the user's may read any length. */
const MAX_JSON_LENGTH = 1 << 20;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Finds the challenge in the client data: the bytes that the app hashed. */
export type ReadChallenge = (clientData: Uint8Array) => string | undefined;

/** The entry of a request that holds client data. */
export type ClientDataEntry = 'challenge' | 'payload';

/** Text that a server may have issued as a challenge. */
export interface FoundChallenge {
  readonly challenge: string;
  /** Where it was read, for messages. */
  readonly source: string;
}

/** Text that a server can have issued as a challenge: no store ever sees any other. */
export function challengeText(challenge: unknown): string | undefined {
  return typeof challenge === 'string' && CHALLENGE.test(challenge) ? challenge : undefined;
}

/** 32 random bytes as base64url. */
export function newChallenge(): string {
  return randomBytes(CHALLENGE_LENGTH).toString('base64url');
}

/**
 * The challenge in the client data of an assertion: where the user's function finds it; else the whole client data, as
 * text or as the bytes it stands for, or the entry `challenge` of a JSON object.
 *
 * @throws AppAttestError `challenge_unknown`; `invalid_argument` where `readChallenge` is asynchronous
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
 * The challenge in the client data of an attestation: most apps attest the challenge itself, whatever their assertions
 * sign. Anything else is searched like the client data of an assertion.
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
    throw new AppAttestError('challenge_unknown', `readChallenge failed on the ${entry}`, { cause });
  }
  if (isAsynchronous(found)) throw new AppAttestError('invalid_argument', 'readChallenge must not be asynchronous');
  if (found === undefined || found === null) {
    throw new AppAttestError('challenge_unknown', `readChallenge found no challenge in the ${entry}`);
  }
  return {
    challenge: requireChallenge(found, `readChallenge returned no challenge for the ${entry}`),
    source: `by readChallenge in the ${entry}`,
  };
}

/** Clients hash either the text of a challenge or the bytes that the text stands for. */
function wholeChallenge(entry: ClientDataEntry, clientData: Uint8Array): FoundChallenge | undefined {
  const source = `as the whole ${entry}`;
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
      `the entry challenge in the JSON of the ${entry} is not a challenge`,
    ),
    source: `as the entry challenge in the JSON of the ${entry}`,
  };
}

function parseJson(neither: string, clientData: Uint8Array): unknown {
  const { length } = clientData;
  if (length > MAX_JSON_LENGTH) {
    throw new AppAttestError('challenge_unknown', `${neither}: ${length} bytes are not searched`);
  }
  try {
    return JSON.parse(utf8.decode(clientData));
  } catch {
    // The cause would quote the client data.
    throw new AppAttestError('challenge_unknown', `${neither}: it is ${length} bytes of something else`);
  }
}

/** @throws AppAttestError `challenge_unknown` */
function requireChallenge(challenge: unknown, message: string): string {
  const text = challengeText(challenge);
  if (text !== undefined) return text;
  throw new AppAttestError('challenge_unknown', message, {
    expected: `${CHALLENGE_TEXT_LENGTH} characters of base64url`,
    actual: typeof challenge === 'string' ? `text of ${challenge.length} characters` : typeof challenge,
  });
}
