import { readKnownOptions } from '../options/known-options.js';
import type { Configuration } from './app-attest-options.js';
import { newChallenge } from './challenge.js';
import { readPurpose } from './challenge-purpose.js';
import type { ChallengePurpose } from './challenge-store.js';
import { readSubject } from './subject.js';

/** Options of `issueChallenge`. */
export interface IssueChallengeOptions {
  /** `'attestation'` to register a key, `'assertion'` to sign a request. It is valid for this purpose only. */
  purpose: ChallengePurpose;
  /** The user that it is issued for. It is then valid for this user only. Valid for any user by default. */
  subject?: string;
}

/** A challenge that can be used once. */
export interface IssuedChallenge {
  /** 32 random bytes as base64url. The app signs this text, or the bytes that it encodes. */
  challenge: string;
  /** When it expires, by the clock of this server. */
  expiresAt: Date;
}

export async function issueChallenge(
  { clock, challenges, challengeLifetime }: Configuration,
  passed: IssueChallengeOptions,
): Promise<IssuedChallenge> {
  const options = readKnownOptions<IssueChallengeOptions>('issueChallenge', passed, {
    purpose: 'never undefined',
    // A lookup that found no user must not issue a challenge for every user.
    subject: 'never undefined',
  });
  const purpose = readPurpose(options.purpose);
  const subject = readSubject(options.subject);
  const challenge = newChallenge();
  const issuedAt = clock.now();
  const expiresAt = new Date(issuedAt.getTime() + challengeLifetime);
  await challenges.put(challenge, { purpose, subject, issuedAt, expiresAt });
  return { challenge, expiresAt };
}
