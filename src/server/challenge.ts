import { randomBytes } from 'node:crypto';
import { AppAttestError } from '../errors.js';
import { isAsynchronous } from '../runtime/asynchronous.js';

const CHALLENGE_LENGTH = 32;

/** Matches the base64url text of {@link CHALLENGE_LENGTH} bytes. */
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;
const CHALLENGE_TEXT_LENGTH = 43;

/**
 * The maximum length of JSON that the server parses, in bytes. A `readChallenge` function receives client data of any length.
 */
const MAX_JSON_LENGTH = 1 << 20;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Finds the challenge in the client data, which consists of the bytes that the app attested or signed. */
export type ReadChallenge = (clientData: Uint8Array) => string | undefined;

/** The field of a request body that contains the client data. */
export type ClientDataField = 'challenge' | 'payload';

/** A well-formed challenge that was found in client data. */
export interface FoundChallenge {
  readonly challenge: string;
  /** Where the challenge was found, as a phrase for error messages. */
  readonly source: string;
}

/** Returns a well-formed challenge unchanged, and `undefined` for any other value. Stores receive only such texts. */
export function challengeText(challenge: unknown): string | undefined {
  return typeof challenge === 'string' && CHALLENGE.test(challenge) ? challenge : undefined;
}

/** Creates a challenge: 32 random bytes as base64url. */
export function newChallenge(): string {
  return randomBytes(CHALLENGE_LENGTH).toString('base64url');
}

/**
 * Finds the challenge in the client data of an assertion. If the options have a `readChallenge` function, only that
 * function searches. Otherwise, the client data must be one of these:
 *
 * - the challenge, as text or as its 32 decoded bytes
 * - JSON with a top-level field `challenge`
 *
 * @throws AppAttestError `challenge_unknown`; `invalid_argument` if `readChallenge` is asynchronous
 */
export function findChallenge(
  field: ClientDataField,
  clientData: Uint8Array,
  readChallenge: ReadChallenge | undefined,
): FoundChallenge {
  if (readChallenge) return readWith(readChallenge, field, clientData);
  return wholeChallenge(field, clientData) ?? challengeInJson(field, clientData);
}

/**
 * Finds the challenge in the client data of an attestation. In most apps, this client data is only the challenge, even if the
 * app signs other data in assertions. The function checks for this case first. For other client data, it calls `findChallenge`.
 *
 * @throws AppAttestError as {@link findChallenge}
 */
export function findAttestedChallenge(
  field: ClientDataField,
  clientData: Uint8Array,
  readChallenge: ReadChallenge | undefined,
): FoundChallenge {
  return wholeChallenge(field, clientData) ?? findChallenge(field, clientData, readChallenge);
}

function readWith(readChallenge: ReadChallenge, field: ClientDataField, clientData: Uint8Array): FoundChallenge {
  let found: unknown;
  try {
    found = readChallenge(clientData);
  } catch (cause) {
    throw new AppAttestError('challenge_unknown', `readChallenge threw an error for the field ${field}`, { cause });
  }
  if (isAsynchronous(found)) {
    throw new AppAttestError('invalid_argument', 'readChallenge must be synchronous, but returned a promise');
  }
  if (found === undefined || found === null) {
    throw new AppAttestError('challenge_unknown', `readChallenge found no challenge in the field ${field}`);
  }
  return {
    challenge: requireChallenge(found, `readChallenge returned a malformed challenge for the field ${field}`),
    source: `found by readChallenge in the field ${field}`,
  };
}

/** Some clients hash the text of the challenge. Others decode the text and hash the 32 bytes. */
function wholeChallenge(field: ClientDataField, clientData: Uint8Array): FoundChallenge | undefined {
  const source = `found in the field ${field}`;
  if (clientData.length === CHALLENGE_LENGTH) {
    return { challenge: Buffer.from(clientData).toString('base64url'), source };
  }
  if (clientData.length !== CHALLENGE_TEXT_LENGTH) return undefined;
  const challenge = challengeText(Buffer.from(clientData).toString('latin1'));
  return challenge === undefined ? undefined : { challenge, source };
}

function challengeInJson(field: ClientDataField, clientData: Uint8Array): FoundChallenge {
  const neither = `the client data in the field ${field} is neither a challenge nor JSON with a field challenge`;
  const json = parseJson(neither, clientData);
  if (typeof json !== 'object' || json === null || !Object.hasOwn(json, 'challenge')) {
    throw new AppAttestError('challenge_unknown', `${neither}: it is JSON without that field`);
  }
  return {
    challenge: requireChallenge(
      Reflect.get(json, 'challenge'),
      `the field challenge of the JSON in the field ${field} is not a well-formed challenge`,
    ),
    source: `found in the field challenge of the JSON in the field ${field}`,
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
    // The error of JSON.parse quotes the client data, so it is not attached as the cause.
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
