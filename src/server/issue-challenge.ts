import { readKnownOptions } from '../options/known-options.js';
import type { Configuration } from './app-attest-options.js';
import { newChallenge } from './challenge.js';
import { readPurpose } from './challenge-purpose.js';
import type { ChallengePurpose } from './challenge-store.js';
import { areSigned } from './signed-challenges.js';
import { readSubject } from './subject.js';

/** Options of `issueChallenge`. */
export interface IssueChallengeOptions {
  /** `'attestation'` to register a key, `'assertion'` to sign a request. The challenge is valid only for this purpose. */
  purpose: ChallengePurpose;
  /** The challenge is valid only for this user. By default, it is valid for every user. */
  subject?: string;
}

/** An issued challenge. It can be used once. */
export interface IssuedChallenge {
  /**
   * The challenge: 32 bytes as base64url, which nobody can predict. For an attestation, the app hashes this text or the decoded
   * bytes. For an assertion, the app signs data that contains the challenge.
   */
  challenge: string;
  /** The time of expiry, by the clock of this server. */
  expiresAt: Date;
}

export async function issueChallenge(
  { clock, challenges, challengeLifetime }: Configuration,
  passed: IssueChallengeOptions,
): Promise<IssuedChallenge> {
  const options = readKnownOptions<IssueChallengeOptions>('issueChallenge', passed, {
    purpose: 'never undefined',
    // `undefined` often means that the caller's lookup found no user. The challenge must not be valid for every user.
    subject: 'never undefined',
  });
  const purpose = readPurpose(options.purpose);
  const subject = readSubject(options.subject);
  const issuedAt = clock.now();
  const expiresAt = new Date(issuedAt.getTime() + challengeLifetime);
  const record = { purpose, subject, issuedAt, expiresAt };
  if (areSigned(challenges)) return { challenge: challenges.issue(record), expiresAt };
  const challenge = newChallenge();
  await challenges.put(challenge, record);
  return { challenge, expiresAt };
}
