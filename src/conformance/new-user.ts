import { randomBytes } from 'node:crypto';

/** Returns a random user. No store contains a key of this user. */
export function newUser(): string {
  return `user ${randomBytes(9).toString('base64url')}`;
}
