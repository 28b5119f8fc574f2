import { AppAttestError } from '../errors.js';
import type { ReadChallenge } from '../server/challenge.js';
import { AppAttestHttpError } from './http-error.js';
import type { IncomingRequest } from './incoming-request.js';
import { isJson, parseJson } from './json-body.js';
import type { HttpConfiguration } from './options.js';
import { readBytes } from './read-bytes.js';

/** A request with an assertion, as `authenticate` takes it. */
export interface SignedRequest {
  readonly keyId: unknown;
  /** The JSON of `@capgo/capacitor-app-attest`, or the same entries from headers. */
  readonly assertion: object;
  /** Where the challenge stands, if it is not for the server to find. */
  readonly readChallenge?: ReadChallenge;
  /** The part of the signed bytes that is the request's body. */
  content(payload: Uint8Array): Uint8Array;
}

const CHALLENGE_LENGTH = 43;
const LF = 0x0a;

/**
 * Reads who signed a request, and what. An assertion in headers signs the request itself; one in the body brings what it
 * signs along as `payload`.
 *
 * @throws AppAttestError `malformed_assertion`
 * @throws AppAttestHttpError `assertion_missing`, `request_mismatch`, and those of `readBytes`
 */
export async function readSignedRequest<Context>(
  configuration: HttpConfiguration<Context>,
  incoming: IncomingRequest,
): Promise<SignedRequest> {
  const { headers, signed, publicTarget, protectedLimits } = configuration;
  const keyId = incoming.header(headers.keyId);
  const token = incoming.header(headers.assertion);
  const opening = signed === 'request' ? `${incoming.method} ${publicTarget(incoming.target)}\n` : undefined;

  if (keyId === undefined && token === undefined) {
    assertJsonBody(incoming);
    return inBody(readAssertion(await readBytes(incoming, protectedLimits)), opening);
  }
  const body = await readBytes(incoming, protectedLimits);
  if (opening === undefined)
    return { keyId, assertion: { keyId, payload: body, token }, content: (payload) => payload };
  const challenge = incoming.header(headers.challenge) ?? '';
  const payload = Buffer.concat([Buffer.from(`${opening}${challenge}\n`), body]);
  return { keyId, assertion: { keyId, payload, token }, ...boundTo(opening) };
}

/** @throws AppAttestHttpError `assertion_missing`, `unsupported_media_type` */
function assertJsonBody(incoming: IncomingRequest): void {
  const contentType = incoming.header('content-type');
  if (isJson(contentType)) return;
  if (contentType === undefined) throw missing();
  throw new AppAttestHttpError('unsupported_media_type', 'without headers, the body must be JSON with an assertion');
}

function readAssertion(body: Uint8Array): object {
  if (body.length === 0) throw missing();
  let json: unknown;
  try {
    json = parseJson(body);
  } catch (cause) {
    throw new AppAttestError('malformed_assertion', 'the body is not JSON', { cause });
  }
  if (typeof json !== 'object' || json === null) {
    throw new AppAttestError('malformed_assertion', 'the body is not a JSON object');
  }
  if (!['keyId', 'token', 'assertion'].some((name) => Object.hasOwn(json, name))) throw missing();
  return json;
}

function inBody(assertion: object, opening: string | undefined): SignedRequest {
  const { keyId, payload }: { keyId?: unknown; payload?: unknown } = assertion;
  if (opening === undefined) return { keyId, assertion, content: (bytes) => bytes };
  if (typeof payload === 'string' && !payload.startsWith(opening)) {
    throw new AppAttestHttpError('request_mismatch', 'the payload was signed for another method or target');
  }
  return { keyId, assertion, ...boundTo(opening) };
}

/** The challenge and the body behind the line with method and target. */
function boundTo(opening: string): Pick<SignedRequest, 'readChallenge' | 'content'> {
  const start = Buffer.byteLength(opening);
  const end = start + CHALLENGE_LENGTH;
  return {
    readChallenge: (payload) => {
      return payload[end] === LF ? Buffer.from(payload.subarray(start, end)).toString('latin1') : undefined;
    },
    content: (payload) => payload.subarray(end + 1),
  };
}

function missing(): AppAttestHttpError {
  return new AppAttestHttpError('assertion_missing', 'the request carries no assertion, in headers or in its body');
}
