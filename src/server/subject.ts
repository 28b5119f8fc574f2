import { AppAttestError } from '../errors.js';

const MAX_LENGTH = 1024;

/**
 * Checks the option `subject`, which identifies a user: an account or a session. Some databases cannot store NUL characters or
 * lone surrogates unchanged. The server rejects such text, because two different users could otherwise become equal.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readSubject(subject: unknown): string | undefined {
  return subject === undefined ? undefined : requireSubject(subject);
}

/** @throws AppAttestError `invalid_argument`: the user is missing or invalid */
export function requireSubject(subject: unknown): string {
  if (isSubject(subject)) return subject;
  throw new AppAttestError(
    'invalid_argument',
    `subject must be text of 1 to ${MAX_LENGTH} characters, without NUL or lone surrogates`,
  );
}

/** Whether a value is a valid user. */
export function isSubject(subject: unknown): subject is string {
  const isText = typeof subject === 'string' && subject.length > 0 && subject.length <= MAX_LENGTH;
  return isText && !/[\0\p{Surrogate}]/u.test(subject);
}
