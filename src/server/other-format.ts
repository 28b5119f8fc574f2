import { isNativeError } from 'node:util/types';
import { AppAttestError } from '../errors.js';
import type { Configuration } from './app-attest-options.js';
import { findAttestedChallenge, findChallenge, type ReadChallenge } from './challenge.js';
import type { AcceptedEvidence, FormatVerifier } from './formats.js';
import { readBody } from './request-body.js';
import { assertChallengeSubject, takeChallenge } from './take-challenge.js';

/** A request body whose format has a function in the option `formats`. */
export interface BodyOfOtherFormat<Result extends AcceptedEvidence> {
  readonly body: Readonly<Record<string, unknown>>;
  readonly verify: FormatVerifier<Result>;
}

/** Returns the body and the function for its format. Returns `undefined` for App Attest and for unknown formats. */
export function readOtherFormat<Result extends AcceptedEvidence>(
  formats: ReadonlyMap<string, FormatVerifier<Result>>,
  body: unknown,
): BodyOfOtherFormat<Result> | undefined {
  if (!hasFields(body)) return undefined;
  const { format } = body;
  const verify = typeof format === 'string' ? formats.get(format) : undefined;
  return verify && { body, verify };
}

/**
 * Verifies a registration of another format. No key is stored.
 *
 * @throws AppAttestError `malformed_attestation`, `challenge_unknown`, `challenge_expired`, `challenge_used`,
 * `invalid_argument`, and the errors of the function in `formats`
 */
export async function registerOtherFormat<Result extends AcceptedEvidence>(
  configuration: Configuration,
  { body, verify }: BodyOfOtherFormat<Result>,
  subject: string | undefined,
): Promise<Result> {
  const challenge = readBody('malformed_attestation', body, (fields) => fields.text('challenge'));
  const found = findAttestedChallenge('challenge', utf8(challenge), configuration.readChallenge);
  const record = await takeChallenge(configuration, found, 'attestation', subject);
  assertChallengeSubject(record, subject);
  return accepted(await verify({ body, challenge, ...(subject !== undefined && { subject }) }));
}

/**
 * Verifies a request of another format. No key is looked up, so a challenge that was issued for a user needs the option
 * `subject`.
 *
 * @throws AppAttestError `malformed_assertion`, `challenge_unknown`, `challenge_expired`, `challenge_used`,
 * `invalid_argument`, and the errors of the function in `formats`
 */
export async function authenticateOtherFormat<Result extends AcceptedEvidence>(
  configuration: Configuration,
  { body, verify }: BodyOfOtherFormat<Result>,
  subject: string | undefined,
  readChallenge: ReadChallenge | undefined,
): Promise<Result> {
  const payload = readBody('malformed_assertion', body, (fields) => fields.text('payload'));
  const found = findChallenge('payload', utf8(payload), readChallenge);
  const record = await takeChallenge(configuration, found, 'assertion', subject);
  assertChallengeSubject(record, subject);
  return accepted(await verify({ body, payload, ...(subject !== undefined && { subject }) }));
}

/** The option `clientData` describes App Attest. For other formats, the client data consists of UTF-8 bytes. */
function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/**
 * Checks the result of a function in `formats`. The server must not accept the evidence if the result is `false`, `undefined`
 * or an error that was returned instead of thrown.
 *
 * @throws AppAttestError `invalid_argument`
 */
function accepted<Result extends AcceptedEvidence>(result: Result): Result {
  if (typeof result === 'object' && result !== null && !isNativeError(result)) return result;
  throw new AppAttestError(
    'invalid_argument',
    'a function in formats must return an object if it accepts the evidence, and throw an AppAttestError otherwise',
  );
}

function hasFields(body: unknown): body is Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null;
}
