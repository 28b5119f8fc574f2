import { readKnownOptions } from '../options/known-options.js';
import type { Configuration } from './app-attest-options.js';
import { requireChallenge } from './challenge.js';
import { readPurpose } from './challenge-purpose.js';
import type { ChallengePurpose } from './challenge-store.js';
import { readSubject } from './subject.js';
import { assertChallengeSubject, takeChallenge } from './take-challenge.js';

/** Options of `takeChallenge`. */
export interface TakeChallengeOptions {
  /** The purpose that the challenge must have been issued for. */
  purpose: ChallengePurpose;
  /** The user that sent the evidence. Without this option, only a challenge that was issued without a user is accepted. */
  subject?: string;
}

/** Takes a challenge for evidence that is not from App Attest. */
export async function redeemChallenge(
  configuration: Configuration,
  challenge: string,
  passed: TakeChallengeOptions,
): Promise<void> {
  const options = readKnownOptions<TakeChallengeOptions>('takeChallenge', passed, {
    purpose: 'never undefined',
    // `undefined` often means that the caller's lookup found no user. Such a call is rejected.
    subject: 'never undefined',
  });
  const purpose = readPurpose(options.purpose);
  const subject = readSubject(options.subject);
  const found = {
    challenge: requireChallenge(challenge, 'the challenge passed to takeChallenge is malformed'),
    source: 'passed to takeChallenge',
  };
  assertChallengeSubject(await takeChallenge(configuration, found, purpose, subject), subject);
}
