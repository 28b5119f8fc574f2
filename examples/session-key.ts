import { generateKeyPairSync } from 'node:crypto';
import type { SessionKey } from 'app-attest/session';

/** Creates a private key for the option `keys`. Whoever has it can issue tokens, so store it like a password. */
export function createSessionKey(kid: string): SessionKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' }); // or generateKeyPairSync('ed25519')
  return { ...privateKey.export({ format: 'jwk' }), kid };
}
