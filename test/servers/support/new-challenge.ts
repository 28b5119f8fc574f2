import { newChallenge } from '../../../src/server/challenge.js';

/** Creates the record of a challenge that is issued now. `lifetime` is in milliseconds. */
export function recordFor(lifetime: number) {
  const issuedAt = new Date();
  return { purpose: 'assertion' as const, issuedAt, expiresAt: new Date(issuedAt.getTime() + lifetime) };
}

/** Creates a challenge that begins with the given letter. If the letter is `A`, `put` and `spend` delete expired challenges. */
export function challengeWith(letter = 'b'): string {
  return letter + newChallenge().slice(1);
}
