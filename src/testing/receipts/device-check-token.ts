import type { KeyObject } from 'node:crypto';

/** A private key of the developer account with DeviceCheck enabled; here, its public half. */
export interface DeviceCheckKey {
  /** The team that the key belongs to: `iss` of the token. */
  teamId: string;
  /** The `kid` of the token. */
  keyId: string;
  /** Verifies the signature of the token. */
  publicKey: KeyObject;
}

/** Seconds. */
const MAX_AGE = 60 * 60;

/**
 * Whether a receipt request has a token that Apple would accept: ES256, with a `kid`, `iss` equal to the team of the
 * app, and `iat` at most an hour old. The signature is verified if `keys` are given.
 */
export async function isTokenAccepted(
  authorization: string | null,
  appId: string,
  keys: readonly DeviceCheckKey[] | undefined,
  now: Date,
): Promise<boolean> {
  const { decodeJwt, decodeProtectedHeader, jwtVerify } = await import('jose');
  try {
    const token = authorization ?? '';
    const { alg, kid } = decodeProtectedHeader(token);
    const { iss, iat } = decodeJwt(token);
    const age = now.getTime() / 1000 - (iat ?? Number.NaN);
    if (alg !== 'ES256' || kid === undefined || iss !== teamOf(appId) || !(Math.abs(age) <= MAX_AGE)) return false;
    if (!keys) return true;

    const key = keys.find(({ teamId, keyId }) => teamId === iss && keyId === kid);
    if (!key) return false;
    await jwtVerify(token, key.publicKey, { algorithms: ['ES256'], currentDate: now });
    return true;
  } catch {
    return false;
  }
}

function teamOf(appId: string): string {
  return appId.slice(0, appId.indexOf('.'));
}
