import { AppAttestError } from '../errors.js';

const MAX_LENGTH = 1024;

/**
 * Whom a call is about, in the server's own terms: an account, a session. It must survive every database, so that two
 * subjects never become one: no NUL, no half of a surrogate pair.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readSubject(subject: unknown): string | undefined {
  if (subject === undefined) return undefined;
  const isSubject = typeof subject === 'string' && subject.length > 0 && subject.length <= MAX_LENGTH;
  if (isSubject && !/[\0\p{Surrogate}]/u.test(subject)) return subject;
  throw new AppAttestError('invalid_argument', `subject must be text of 1 to ${MAX_LENGTH} characters`);
}
