import { errors, type JWTHeaderParameters, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { AppAttestError, shortText, shortValue } from '../errors.js';
import type { ImportedSessionKey } from './session-keys.js';
import type { SessionsConfiguration } from './sessions-options.js';

/** The header `typ` of session tokens (RFC 8725 §3.11). So a JWT for another purpose is not accepted. */
const TYPE = 'app-attest-session+jwt';

/** Characters. Node.js accepts at most 16 KiB for all headers of a request together. */
const MAX_TOKEN_LENGTH = 8192;

/** RFC 8725 §3.1. A token must have the algorithm of the key that its `kid` names. */
const ALGORITHMS = ['ES256', 'EdDSA'];

/** A signature of 64 bytes in base64url. The four unused bits of the last character are zero. */
const CANONICAL_SIGNATURE = /\.[\w-]{85}[AQgw]$/;

/** @throws AppAttestError `invalid_argument`: the first key has no private part, or the token would be too long */
export async function signToken({ keys }: SessionsConfiguration, claims: JWTPayload): Promise<string> {
  const [{ published, privateKey }] = keys;
  if (!privateKey) throw invalid('keys[0] is a public key, so it cannot sign tokens');
  const { alg, kid } = published;
  const token = await new SignJWT(claims).setProtectedHeader({ alg, typ: TYPE, kid }).sign(privateKey);
  if (token.length <= MAX_TOKEN_LENGTH) return token;
  throw invalid(`the token would have ${token.length} characters, more than ${MAX_TOKEN_LENGTH}: the user is too long`);
}

/**
 * Checks that the token is text, and that it is not too long to be decoded.
 *
 * @throws AppAttestError `session_unknown`
 */
export function readToken(token: unknown): string {
  if (typeof token !== 'string') throw unknownSession(`the token must be text, not ${shortValue(token)}`);
  if (token.length <= MAX_TOKEN_LENGTH) return token;
  throw unknownSession('the token is too long', {
    expected: `at most ${MAX_TOKEN_LENGTH} characters`,
    actual: `${token.length} characters`,
  });
}

/**
 * Verifies the signature, the header, and the claims `iss`, `aud` and `exp`. `kid` in the header names one of `keys`. A key in the
 * header (`jwk`, `x5c`) or behind a URL in the header (`jku`, `x5u`) is never used.
 *
 * @throws AppAttestError `session_unknown`, `session_expired`
 */
export async function verifyToken(
  { keys, issuer, audience, clockTolerance }: SessionsConfiguration,
  token: string,
  now: Date,
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, (header) => keyFor(header, keys), {
      algorithms: ALGORITHMS,
      typ: TYPE,
      issuer,
      audience,
      clockTolerance,
      currentDate: now,
    });
    // jose would accept white space in the text of the signature, so one token would have many texts.
    if (CANONICAL_SIGNATURE.test(token)) return payload;
    throw unknownSession('the signature of the token is not canonical base64url');
  } catch (cause) {
    if (cause instanceof AppAttestError) throw cause;
    if (cause instanceof errors.JWTExpired) throw expiredSession();
    const reason = cause instanceof errors.JOSEError ? `: ${shortText(cause.message)}` : '';
    throw unknownSession(`the token is not valid${reason}`, { cause });
  }
}

function keyFor(
  { kid, alg }: JWTHeaderParameters,
  keys: readonly ImportedSessionKey[],
): ImportedSessionKey['publicKey'] {
  const key = keys.find(({ published }) => published.kid === kid);
  if (!key) throw unknownSession(`no key has the kid ${shortValue(kid)} of the token`);
  if (key.published.alg === alg) return key.publicKey;
  throw unknownSession('the token has another algorithm than its key', {
    expected: key.published.alg,
    actual: shortValue(alg),
  });
}

export function unknownSession(
  message: string,
  details?: ConstructorParameters<typeof AppAttestError>[2],
): AppAttestError {
  return new AppAttestError('session_unknown', message, details);
}

export function expiredSession(): AppAttestError {
  return new AppAttestError('session_expired', 'the session has expired');
}

function invalid(message: string): AppAttestError {
  return new AppAttestError('invalid_argument', message);
}
