import { isBytes } from '../../encoding/bytes.js';
import { readKnownOptions } from '../../options/known-options.js';
import { sha256 } from './authenticator-data.js';
import { notAccepted, readText } from './device-input.js';

/** A request that an app is about to send to a protected route. */
export interface RequestToSign {
  /** The HTTP method, in upper case. */
  method: string;
  /** The path and query, without scheme and host. For example `/orders?page=2`. */
  target: string;
  /** The body: bytes, or text that is sent as UTF-8. No body by default. */
  body?: string | Uint8Array | undefined;
  /** The challenge that the server issued for this request. */
  challenge: string;
  /** The identifier of the signing key. By default, the key that the device attested last. */
  keyId?: string | undefined;
}

/**
 * Returns the headers of a protected request. The assertion in these headers signs `METHOD SP target LF challenge LF
 * content-digest`. Without a body, the digest is the SHA-256 of the empty string.
 *
 * @param assert Calls `generateAssertion` with the key
 * @see https://www.rfc-editor.org/rfc/rfc9530 for `Content-Digest`
 */
export async function signedHeaders(
  { method, target, body = '', challenge }: RequestToSign,
  keyId: string,
  assert: (clientDataHash: Uint8Array) => Promise<Uint8Array>,
): Promise<Record<string, string>> {
  const contentDigest = `sha-256=:${base64(sha256(body))}:`;
  const assertion = await assert(sha256(`${method} ${target}\n${challenge}\n${contentDigest}`));
  return {
    'X-App-Attest-Key-Id': keyId,
    'X-App-Attest-Assertion': base64(assertion),
    'X-App-Attest-Challenge': challenge,
    ...(body.length > 0 && { 'Content-Digest': contentDigest }),
  };
}

/** Upper-case letters, digits, and the symbols that RFC 9110 §5.6.2 allows in a token. */
const METHOD = /^[A-Z0-9!#$%&'*+.^_`|~-]+$/;

/**
 * Checks the options of `signRequest`. Without this check, a server would respond to a mistake with `invalid_signature`,
 * which does not name the mistake.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readRequestToSign(passed: RequestToSign): RequestToSign {
  const request = readKnownOptions<RequestToSign>('signRequest', passed, {
    method: 'never undefined',
    target: 'never undefined',
    body: 'may be undefined',
    challenge: 'never undefined',
    keyId: 'may be undefined',
  });
  const { method, target, body } = request;
  if (!METHOD.test(readText('method of signRequest', method))) {
    throw notAccepted('method of signRequest must be an HTTP method in upper case', method);
  }
  if (!/^\/\S*$/.test(readText('target of signRequest', target))) {
    throw notAccepted('target of signRequest must be a path and query that starts with "/"', target);
  }
  if (readText('challenge of signRequest', request.challenge) === '') {
    throw notAccepted('challenge of signRequest must be the text that the server issued', request.challenge);
  }
  if (body !== undefined && typeof body !== 'string' && !isBytes(body)) {
    throw notAccepted('body of signRequest must be a string or a Uint8Array', body);
  }
  return request;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
