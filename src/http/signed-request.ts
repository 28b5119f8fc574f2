import { AppAttestError } from '../errors.js';
import { challengeText, type ReadChallenge } from '../server/challenge.js';
import type { BodyShare } from './body-budget.js';
import {
  assertContentMatches,
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

/** A request with an assertion, in the form that `authenticate` takes. */
export interface SignedRequest {
  readonly keyId: unknown;
  /** The JSON of `@capgo/capacitor-app-attest`, or the same entries from headers. */
  readonly assertion: object;
  /**
   * Where the challenge stands, if it is not for the server to find. Throws `request_mismatch` where something else than
   * the request was signed.
   */
  readonly readChallenge?: ReadChallenge;
  /**
   * The request's body. Call it after the assertion was verified.
   *
   * @throws AppAttestHttpError `request_mismatch`, and those of `openBody`
   */
  content(payload: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** What the payload of the plugin's JSON may hold: the request with its content, or anything with a challenge. */
export type PayloadForm = 'request' | 'any';

/** Memory for the body of one request. */
export interface BodyShares {
  /** For reading before a signature was verified. */
  readonly unverified: BodyShare;
  readonly verified: BodyShare;
}

const CHALLENGE_LENGTH = 43;
const LF = 0x0a;

/**
 * Reads which key signed a request, and what it signed. An assertion in headers covers the body by `Content-Digest`, so
 * it is verified before the body is read. An assertion in the body comes with the signed text as `payload`.
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
    // Bytes, which are signed as they are whatever the app does with text.
    assertion: { keyId, payload: Buffer.from(`${opening}${challenge}\n${digest.value}`), token },
    readChallenge: () => challenge,
    content: async () => {
      const content = await read(shares.verified);
      assertContentMatches(digest, content);
      return content;
    },
  };
}

/** @throws AppAttestError `challenge_unknown` */
function readChallengeHeader(challenge: string | undefined, name: string): string {
  if (challenge === undefined) throw headerMissing('challenge_unknown', name);
  if (challengeText(challenge) !== undefined) return challenge;
  throw new AppAttestError('challenge_unknown', `the header ${name} does not hold a well-formed challenge`, {
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
    `without the headers ${headers.keyId} and ${headers.assertion}, the body must be JSON with an assertion`,
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

/** Reads the challenge and the content that follow the line with method and target. */
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
      // A text that was signed for the headers of one request must not pass as the content of another.
      if (!isContentDigest(Buffer.from(content).toString('latin1'))) return content;
      throw new AppAttestHttpError('request_mismatch', 'the payload ends with a Content-Digest, not with the content');
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
    `the request carries no assertion: the headers ${keyId} and ${assertion} are missing, and so is the plugin's JSON`,
  );
}
