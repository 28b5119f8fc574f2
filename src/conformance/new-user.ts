import { randomBytes } from 'node:crypto';

/** Returns a user that is in no store. */
export function newUser(): string {
  return `user ${randomBytes(9).toString('base64url')}`;
}
