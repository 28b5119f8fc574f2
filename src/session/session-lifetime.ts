import type { Session } from './session.js';
import { expiredSession, unknownSession } from './signed-token.js';

/**
 * Checks the time of a genuine session.
 *
 * @param clockTolerance Seconds
 * @throws AppAttestError `session_expired`; `session_unknown` if the session was issued in the future
 */
export function assertCurrent({ issuedAt, expiresAt }: Session, now: Date, clockTolerance: number): void {
  const tolerance = clockTolerance * 1000;
  if (now.getTime() - tolerance >= expiresAt.getTime()) throw expiredSession();
  if (issuedAt.getTime() <= now.getTime() + tolerance) return;
  throw unknownSession('the session was issued in the future: compare the clocks of your servers', {
    expected: `at most ${clockTolerance} seconds after ${now.toISOString()}`,
    actual: issuedAt.toISOString(),
  });
}
