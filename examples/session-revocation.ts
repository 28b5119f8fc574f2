import type { AppAttest } from 'app-attest/server';
import type { RevokedBefore } from 'app-attest/session';

/** The latest date that JavaScript has. All sessions were issued before it. */
const ALWAYS = new Date(8.64e15);

/** Ends the sessions of a key that was revoked or deleted. The result for a key is cached for `ttl` seconds. */
export function revokedWithKey(appAttest: AppAttest, ttl: number): RevokedBefore {
  const known = new Map<string, { readAt: number; revokedAt: Date | undefined }>();
  return async ({ keyId }) => {
    const now = Date.now();
    const last = known.get(keyId);
    if (last && now - last.readAt < ttl * 1000) return last.revokedAt;
    const key = await appAttest.key(keyId);
    const revokedAt = !key || key.revokedAt ? ALWAYS : undefined;
    if (known.size >= 10_000) known.clear();
    known.set(keyId, { readAt: now, revokedAt });
    return revokedAt;
  };
}
