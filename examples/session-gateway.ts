import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose';

/** Returns a function that verifies tokens in another service. `jose` caches the public keys, and reads them again for a new `kid`. */
export function tokenVerifier(jwksUrl: URL): (token: string) => Promise<JWTPayload> {
  const keys = createRemoteJWKSet(jwksUrl);
  return async (token) => {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: ['ES256', 'EdDSA'],
      typ: 'app-attest-session+jwt',
      issuer: 'https://api.example.com',
      audience: 'https://api.example.com',
      clockTolerance: 10, // seconds
      requiredClaims: ['sub', 'exp', 'iat', 'jti', 'app_id', 'environment'],
    });
    return payload;
  };
}
