import { AppAttestError } from '../errors.js';
import type { Configuration } from './app-attest-options.js';
import type { FoundChallenge } from './challenge.js';
import type { ChallengePurpose, ChallengeRecord, ChallengeStore } from './challenge-store.js';

/**
 * Takes a challenge from the store and checks it. The challenge is then used up, even if the request is rejected later.
 *
 * @throws AppAttestError `challenge_unknown`, `challenge_expired`, `challenge_used`
 */
export async function takeChallenge(
  { challenges, clock }: Configuration,
  found: FoundChallenge,
  purpose: ChallengePurpose,
): Promise<ChallengeRecord> {
  const record = await challenges.take(found.challenge);
  if (!record) throw await whyGone(challenges, found);
  if (clock.isOver(record)) throw expired();
  if (record.purpose === purpose) return record;
  throw new AppAttestError('challenge_unknown', 'the challenge was issued for another purpose', {
    expected: purpose,
    actual: String(record.purpose),
  });
}

async function whyGone(challenges: ChallengeStore, { challenge, source }: FoundChallenge): Promise<AppAttestError> {
  const fate = await challenges.fate?.(challenge);
  if (fate === 'used') return new AppAttestError('challenge_used', 'the challenge was already used');
  if (fate === 'expired') return expired();
  return new AppAttestError(
    'challenge_unknown',
    `the challenge ${source} was not issued by this server, or the store has already deleted it`,
  );
}

function expired(): AppAttestError {
  return new AppAttestError('challenge_expired', 'the challenge has expired');
}

/**
 * Checks that a challenge that was issued for one user is used by the same user.
 *
 * @throws AppAttestError `challenge_unknown`
 */
export function assertChallengeSubject(record: ChallengeRecord, subject: string | undefined): void {
  if (record.subject === undefined || record.subject === null || record.subject === subject) return;
  throw new AppAttestError('challenge_unknown', 'the challenge was issued for another user');
}
