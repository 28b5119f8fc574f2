import { AppAttestError } from '../errors.js';
import { readKnownOptions } from '../options/known-options.js';
import { newChallenge } from './challenge.js';
import type { ChallengePurpose } from './challenge-store.js';
import type { Configuration } from './options.js';
import { readSubject } from './subject.js';

/** What a challenge is issued for. */
export interface IssueChallengeOptions {
  /** `'attestation'` to register a key, `'assertion'` to sign a request. It works for nothing else. */
  purpose: ChallengePurpose;
  /** The user that it is issued for. It then works for nobody else. For anybody by default. */
  subject?: string;
}

/** A challenge for one answer. */
export interface IssuedChallenge {
  /** 32 random bytes as base64url. The app signs this text, or the bytes that it stands for. */
  challenge: string;
  expiresAt: Date;
}

export async function issueChallenge(
  { clock, challenges, challengeLifetime }: Configuration,
  passed: IssueChallengeOptions,
): Promise<IssuedChallenge> {
  const options = readKnownOptions<IssueChallengeOptions>('issueChallenge', passed, {
    purpose: 'never undefined',
    // A lookup that found nobody must not issue a challenge for everybody.
    subject: 'never undefined',
  });
  const { purpose } = options;
  if (purpose !== 'attestation' && purpose !== 'assertion') {
    throw new AppAttestError('invalid_argument', "purpose must be 'attestation' or 'assertion'");
  }
  const subject = readSubject(options.subject);
  const challenge = newChallenge();
  const issuedAt = clock.now();
  const expiresAt = new Date(issuedAt.getTime() + challengeLifetime);
  await challenges.put(challenge, { purpose, subject, issuedAt, expiresAt });
  return { challenge, expiresAt };
}
