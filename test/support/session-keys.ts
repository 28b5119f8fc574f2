import { generateKeyPairSync, randomUUID } from 'node:crypto';
import type { SessionKey, SessionsOptions } from '../../src/session/index.js';
import { createSessions } from '../../src/session/index.js';
import { appId } from './backend.js';

/** A new private key as a JSON Web Key. */
export function newSessionKey(alg: 'ES256' | 'EdDSA' = 'ES256', members: SessionKey = {}): SessionKey {
  const { privateKey } =
    alg === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  return { ...privateKey.export({ format: 'jwk' }), ...members };
}

/** The public part of a private key. */
export function publicPartOf({ d: _, ...members }: SessionKey): SessionKey {
  return members;
}

export const ISSUER = 'https://api.example.com';
export const AUDIENCE = 'https://reads.example.com';

export function sessionsWith(options: Partial<SessionsOptions> & Pick<SessionsOptions, 'keys'>) {
  return createSessions({ issuer: ISSUER, audience: AUDIENCE, ...options });
}

/** An accepted request, as `authenticate` returns it. */
export function acceptedRequest(subject?: string, validationCategory?: number) {
  const key = {
    keyId: Buffer.alloc(32, 7).toString('base64'),
    publicKey: '',
    counter: 1,
    appId,
    environment: 'production' as const,
    device: {},
    createdAt: new Date(),
    ...(subject !== undefined && { subject }),
  };
  return {
    key,
    payload: new Uint8Array(),
    ...(validationCategory !== undefined && { extensions: { validationCategory } }),
  };
}

/** The claims of a valid token, for tests that sign tokens themselves. */
export function validClaims(now = Date.now()) {
  const iat = Math.floor(now / 1000);
  return {
    iss: ISSUER,
    aud: AUDIENCE,
    iat,
    exp: iat + 600,
    jti: randomUUID(),
    sub: acceptedRequest().key.keyId,
    app_id: appId,
    environment: 'production',
  };
}
