import { createHash } from 'node:crypto';
import { AppAttestError } from '../errors.js';
import { challengeText, type ReadChallenge } from '../server/challenge.js';
import type { BodyShare } from './body-budget.js';
import {
  assertDigestMatches,
  type ContentDigest,
  DIGEST_OF_NOTHING,
  digestMissing,
  isContentDigest,
  readContentDigest,
} from './content-digest.js';
import { AppAttestHttpError } from './http-error.js';
import type { HeaderNames, HttpConfiguration } from './http-options.js';
import type { IncomingRequest } from './incoming-request.js';
import { isJson, parseJson } from './json-body.js';
import { announcedLength, openBody } from './read-bytes.js';

/** A request with an assertion, in the form that `authenticate` expects. */
export interface SignedRequest {
  readonly keyId: unknown;
  /** The JSON of `@capgo/capacitor-app-attest`, or an object with the same fields from headers. */
  readonly assertion: object;
  /**
   * Replaces `readChallenge` of the server, if the position of the challenge in the payload is known. The function throws
   * `request_mismatch` if the client signed another request.
   */
  readonly readChallenge?: ReadChallenge;
  /**
   * Returns the signed body. Call this function after the assertion was verified.
   *
   * @throws AppAttestHttpError `request_mismatch`, and those of `openBody`
   */
  content(payload: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/**
 * The required form of the `payload` in the plugin's JSON, if the option `signed` is `'request'`. With the form `'request'`, the
 * payload consists of method, target, challenge and content. With `'any'`, the payload can also be other text that contains a
 * challenge.
 */
export type PayloadForm = 'request' | 'any';

/** Memory for the body of one request. */
export interface BodyShares {
  /** For a body that is read before the signature is verified. */
  readonly unverified: BodyShare;
  /** For a body that is read after the signature was verified. */
  readonly verified: BodyShare;
}

const CHALLENGE_LENGTH = 43;
const LF = 0x0a;

/**
 * Reads the assertion of a request from the headers, or from the JSON body if the headers for the key identifier and the
 * assertion are absent. With `signed: 'request'`, the server can verify an assertion in the headers before it reads the body,
 * because the app signed the digest of the body. An assertion in the JSON body comes with the signed text in the field
 * `payload`.
 *
 * @throws AppAttestError `malformed_assertion`, `challenge_unknown`
 * @throws AppAttestHttpError `assertion_missing`, `malformed_request`, `request_mismatch`, and those of `openBody`
 */
export async function readSignedRequest<Context>(
  configuration: HttpConfiguration<Context>,
  incoming: IncomingRequest,
  shares: BodyShares,
  form: PayloadForm,
): Promise<SignedRequest> {
  const { headers, signed, publicTarget, protectedLimits } = configuration;
  const header = (role: keyof HeaderNames) => incoming.header(headers[role].toLowerCase());
  const keyId = header('keyId');
  const token = header('assertion');
  const opening = signed === 'request' ? `${incoming.method} ${publicTarget(incoming.target)}\n` : undefined;

  if (keyId === undefined && token === undefined) {
    assertJsonBody(incoming, headers);
    const read = await openBody(incoming, protectedLimits);
    return inBody(readAssertion(await read(shares.unverified), headers), opening, form);
  }
  if (keyId === undefined) throw headerMissing('malformed_assertion', headers.keyId);
  if (token === undefined) throw headerMissing('malformed_assertion', headers.assertion);
  if (opening === undefined) {
    const read = await openBody(incoming, protectedLimits);
    const payload = await read(shares.unverified);
    return { keyId, assertion: { keyId, payload, token }, content: () => payload };
  }

  const challenge = readChallengeHeader(header('challenge'), headers.challenge);
  const digest = readDigestHeader(incoming);
  const read = await openBody(incoming, protectedLimits);
  return {
    keyId,
    // The payload is passed as bytes, so that the option clientData does not decode it.
    assertion: { keyId, payload: Buffer.from(`${opening}${challenge}\n${digest.value}`), token },
    readChallenge: () => challenge,
    content: async () => {
      const hash = createHash('sha256');
      const content = await read(shares.verified, (bytes) => hash.update(bytes));
      assertDigestMatches(digest, hash.digest());
      return content;
    },
  };
}

/** @throws AppAttestError `challenge_unknown` */
function readChallengeHeader(challenge: string | undefined, name: string): string {
  if (challenge === undefined) throw headerMissing('challenge_unknown', name);
  if (challengeText(challenge) !== undefined) return challenge;
  throw new AppAttestError('challenge_unknown', `the header ${name} is not a well-formed challenge`, {
    expected: `${CHALLENGE_LENGTH} characters of base64url`,
    actual: `text of ${challenge.length} characters`,
  });
}

/** @throws AppAttestHttpError `malformed_request`, `request_mismatch` */
function readDigestHeader(incoming: IncomingRequest): ContentDigest {
  const value = incoming.header('content-digest');
  if (value !== undefined) return readContentDigest(value);
  if (announcedLength(incoming) > 0) throw digestMissing();
  return DIGEST_OF_NOTHING;
}

/** @throws AppAttestHttpError `assertion_missing`, `unsupported_media_type` */
function assertJsonBody(incoming: IncomingRequest, headers: Readonly<Record<keyof HeaderNames, string>>): void {
  const contentType = incoming.header('content-type');
  if (isJson(contentType)) return;
  if (contentType === undefined) throw assertionMissing(headers);
  throw new AppAttestHttpError(
    'unsupported_media_type',
    `the headers ${headers.keyId} and ${headers.assertion} are missing, so the body must be application/json with an assertion`,
  );
}

function readAssertion(body: Uint8Array, headers: Readonly<Record<keyof HeaderNames, string>>): object {
  if (body.length === 0) throw assertionMissing(headers);
  let json: unknown;
  try {
    json = parseJson(body);
  } catch (cause) {
    throw new AppAttestError('malformed_assertion', 'the body is not JSON', { cause });
  }
  if (typeof json !== 'object' || json === null) {
    throw new AppAttestError('malformed_assertion', 'the body is not a JSON object');
  }
  if (!['keyId', 'token', 'assertion'].some((name) => Object.hasOwn(json, name))) throw assertionMissing(headers);
  return json;
}

function inBody(assertion: object, opening: string | undefined, form: PayloadForm): SignedRequest {
  const { keyId, payload }: { keyId?: unknown; payload?: unknown } = assertion;
  const isBound = form === 'request' || (typeof payload === 'string' && payload.startsWith(opening ?? ''));
  if (opening !== undefined && isBound) return { keyId, assertion, ...boundTo(opening) };
  return { keyId, assertion, content: (bytes) => bytes };
}

/** Reads a payload that starts with a line of method and target. The challenge and the content follow. */
function boundTo(opening: string): Pick<SignedRequest, 'readChallenge' | 'content'> {
  const line = Buffer.from(opening);
  const end = line.length + CHALLENGE_LENGTH;
  return {
    readChallenge: (payload) => {
      if (!line.equals(payload.subarray(0, line.length))) throw otherRequest();
      return payload[end] === LF ? Buffer.from(payload.subarray(line.length, end)).toString('latin1') : undefined;
    },
    content: (payload) => {
      const content = payload.subarray(end + 1);
      // If the assertion is in the headers, the signed text has a digest in this place. Without this check, an attacker could
      // send that text as a payload, and the server would accept the digest as the content.
      if (!isContentDigest(Buffer.from(content).toString('latin1'))) return content;
      throw new AppAttestHttpError(
        'request_mismatch',
        'the payload must end with the content, not with a Content-Digest',
      );
    },
  };
}

function otherRequest(): AppAttestHttpError {
  return new AppAttestHttpError('request_mismatch', 'the payload was signed for another method or target');
}

function headerMissing(code: 'malformed_assertion' | 'challenge_unknown', name: string): AppAttestError {
  return new AppAttestError(code, `the header ${name} is missing`);
}

function assertionMissing({ keyId, assertion }: Readonly<Record<keyof HeaderNames, string>>): AppAttestHttpError {
  return new AppAttestHttpError(
    'assertion_missing',
    `the request has no assertion: the headers ${keyId} and ${assertion} are missing, and the body has no assertion`,
  );
}
