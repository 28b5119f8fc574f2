import { isDate } from 'node:util/types';
import { AppAttestError, shortValue } from '../errors.js';
import type { Session } from './session.js';
import type { RevokedBefore } from './sessions-options.js';

/**
 * Calls `revokedBefore`, and checks that the session is not revoked.
 *
 * @throws AppAttestError `session_revoked`; `invalid_argument` if `revokedBefore` returned neither a valid time nor
 * `undefined` nor `null`. An error of `revokedBefore` is thrown unchanged
 */
export async function assertNotRevoked(revokedBefore: RevokedBefore, session: Session): Promise<void> {
  // A copy, so that the function cannot change the session.
  const { issuedAt, expiresAt } = session;
  const copy = { ...session, issuedAt: new Date(issuedAt), expiresAt: new Date(expiresAt) };
  const before: unknown = await revokedBefore(copy);
  if (before === undefined || before === null) return;
  if (!isDate(before) || Number.isNaN(before.getTime())) {
    const found = isDate(before) ? 'an invalid Date' : shortValue(before);
    throw new AppAttestError('invalid_argument', `revokedBefore must return a valid Date or undefined, not ${found}`);
  }
  if (issuedAt.getTime() >= before.getTime()) return;
  throw new AppAttestError('session_revoked', 'the session was issued before the time that revokedBefore returned');
}
