import type { KeyObject } from 'node:crypto';

/** The public half of a DeviceCheck key in the developer account. */
export interface DeviceCheckKey {
  /** The Team ID of the key, which is `iss` in the token. */
  teamId: string;
  /** The Key ID, which is `kid` in the token. */
  keyId: string;
  /** The public key that verifies the signature of the token. */
  publicKey: KeyObject;
}

/** The maximum age of a token, in seconds. */
const MAX_AGE = 60 * 60;

/**
 * Returns whether the receipt endpoint accepts the token of a request. The token must have the algorithm ES256, a `kid`, the
 * app's Team ID as `iss`, and an `iat` within an hour of `now`. If `keys` are passed, one of the keys must have this Team ID
 * and this `kid`, and the signature must be valid for this key.
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
