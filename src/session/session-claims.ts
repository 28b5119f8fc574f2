import type { JWTPayload } from 'jose';
import { isAppId } from '../options/app-id.js';
import { isEnvironment } from '../options/environment.js';
import type { AuthenticatedRequest } from '../server/authenticate.js';
import { storedKeyId } from '../server/find-key.js';
import { isSubject } from '../server/subject.js';
import type { Session } from './session.js';

/** Creates the claims about a key. The token also contains registered claims of RFC 7519 §4.1. */
export function claimsAbout({ key, extensions }: Pick<AuthenticatedRequest, 'key' | 'extensions'>): JWTPayload {
  const category = extensions?.validationCategory;
  // A store that the application implements may return null for a key without a user.
  const user = key.subject ?? undefined;
  return {
    sub: key.keyId,
    app_id: key.appId,
    environment: key.environment,
    ...(category !== undefined && { category }),
    ...(user !== undefined && { user }),
  };
}

/** Converts the claims of a token to a session. Returns `undefined` if a claim is missing or invalid. */
export function sessionOf({
  sub,
  app_id,
  environment,
  category,
  user,
  iat,
  exp,
  jti,
}: JWTPayload): Session | undefined {
  const issuedAt = dateOf(iat);
  const expiresAt = dateOf(exp);
  if (!issuedAt || !expiresAt || typeof jti !== 'string' || jti === '') return undefined;
  if (sub === undefined || storedKeyId(sub) !== sub) return undefined;
  if (typeof app_id !== 'string' || !isAppId(app_id) || !isEnvironment(environment)) return undefined;
  if (category !== undefined && !isCategory(category)) return undefined;
  if (user !== undefined && !isSubject(user)) return undefined;
  return {
    keyId: sub,
    appId: app_id,
    environment,
    ...(user !== undefined && { subject: user }),
    ...(category !== undefined && { validationCategory: category }),
    issuedAt,
    expiresAt,
    id: jti,
  };
}

/** Converts a NumericDate (RFC 7519 §2). */
function dateOf(seconds: unknown): Date | undefined {
  if (typeof seconds !== 'number') return undefined;
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** Apple signs the category as an unsigned integer of 32 bits. */
function isCategory(category: unknown): category is number {
  return typeof category === 'number' && Number.isInteger(category) && category >= 0 && category < 2 ** 32;
}
