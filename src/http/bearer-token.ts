import { AppAttestHttpError } from './http-error.js';

/** RFC 6750 §2.1. The scheme is case-insensitive (RFC 9110 §11.1). `verify` of the sessions checks the token itself. */
const BEARER = /^bearer +(\S+)$/i;

/**
 * Returns the token in the header `Authorization`.
 *
 * @throws AppAttestHttpError `session_missing`
 */
export function bearerToken(authorization: string | undefined): string {
  const [, token] = BEARER.exec(authorization ?? '') ?? [];
  if (token !== undefined) return token;
  const found = authorization === undefined ? 'is missing' : 'has no bearer token';
  throw new AppAttestHttpError('session_missing', `the header Authorization ${found}`);
}
