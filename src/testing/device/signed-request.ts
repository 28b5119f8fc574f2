import { readKnownOptions } from '../../options/known-options.js';
import { sha256 } from './authenticator-data.js';

/** A request that an app is about to send to a protected route. */
export interface RequestToSign {
  /** In upper case, as in the request line. */
  method: string;
  /** Path and query, as in the request line. */
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

/** @throws AppAttestError `invalid_argument` */
export function readRequestToSign(request: RequestToSign): RequestToSign {
  return readKnownOptions<RequestToSign>('signRequest', request, {
    method: 'never undefined',
    target: 'never undefined',
    body: 'may be undefined',
    challenge: 'never undefined',
    keyId: 'may be undefined',
  });
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
