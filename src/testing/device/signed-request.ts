import { isBytes } from '../../encoding/bytes.js';
import { readKnownOptions } from '../../options/known-options.js';
import { sha256 } from './authenticator-data.js';
import { notAccepted, readText } from './device-input.js';

/** A request that an app is about to send to a protected route. */
export interface RequestToSign {
  /** In upper case, as in the request line. */
  method: string;
  /** Path and query, as in the request line: `/orders?page=2`, without scheme and host. */
  target: string;
  /** The body: bytes, or text as UTF-8. None by default. */
  body?: string | Uint8Array | undefined;
  /** The challenge that the server issued for this request. */
  challenge: string;
  /** The key that signs. By default, the key that the device attested last. */
  keyId?: string | undefined;
}

/**
 * The headers of a protected request. They sign `METHOD SP target LF challenge LF content-digest`, with the digest of
 * zero bytes if there is no body.
 *
 * @param assert `generateAssertion` of the key
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

/** Letters in upper case, and the other characters of a token: RFC 9110 §5.6.2. */
const METHOD = /^[A-Z0-9!#$%&'*+.^_`|~-]+$/;

/**
 * Checks what a server would only answer with `invalid_signature`, which does not name the mistake.
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
    throw notAccepted('method of signRequest must be in upper case', method);
  }
  if (!/^\/\S*$/.test(readText('target of signRequest', target))) {
    throw notAccepted('target of signRequest must be a path and query that starts with "/"', target);
  }
  if (readText('challenge of signRequest', request.challenge) === '') {
    throw notAccepted('challenge of signRequest must be the text that the server issued', request.challenge);
  }
  if (body !== undefined && typeof body !== 'string' && !isBytes(body)) {
    throw notAccepted('body of signRequest must be text or a Uint8Array, as it is sent', body);
  }
  return request;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
