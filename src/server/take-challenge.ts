import { AppAttestError } from '../errors.js';
import type { Configuration } from './app-attest-options.js';
import type { FoundChallenge } from './challenge.js';
import type { ChallengePurpose, ChallengeRecord, ChallengeStore } from './challenge-store.js';
import { areSigned } from './signed-challenges.js';

/** A challenge that has passed all checks that need no store. */
export interface OpenedChallenge extends FoundChallenge {
  /** The record in a signed challenge. */
  readonly signed?: ChallengeRecord;
}

/**
 * Takes a challenge and checks it. The challenge is then used up, even if the request is rejected later.
 *
 * @param user The user that sent the request. A signed challenge that was issued for a user is valid only for this user
 * @throws AppAttestError `challenge_unknown`, `challenge_expired`, `challenge_used`
 */
export async function takeChallenge(
  configuration: Configuration,
  found: FoundChallenge,
  purpose: ChallengePurpose,
  user: string | undefined,
): Promise<ChallengeRecord> {
  return takeOpened(configuration, openChallenge(configuration, found, user), purpose);
}

/** Returns whether the challenge can only be opened with the user that it was issued for. */
export function needsUser({ challenges }: Configuration, { challenge }: FoundChallenge): boolean {
  return areSigned(challenges) && challenges.namesUser(challenge);
}

/**
 * Verifies a signed challenge. Other challenges are only checked when they are taken.
 *
 * @throws AppAttestError `challenge_unknown`, `challenge_expired`
 */
export function openChallenge(
  { challenges, clock }: Configuration,
  found: FoundChallenge,
  user: string | undefined,
): OpenedChallenge {
  if (!areSigned(challenges)) return found;
  const signed = challenges.read(found.challenge, user);
  if (!signed) {
    throw new AppAttestError(
      'challenge_unknown',
      `the challenge ${found.source} was not issued by this server, or was issued for another user`,
    );
  }
  if (clock.isOver(signed)) throw expired();
  return { ...found, signed };
}

/** @throws AppAttestError `challenge_unknown`, `challenge_expired`, `challenge_used` */
export async function takeOpened(
  { challenges, clock }: Configuration,
  opened: OpenedChallenge,
  purpose: ChallengePurpose,
): Promise<ChallengeRecord> {
  if (areSigned(challenges)) {
    const { challenge, signed } = opened;
    if (!signed || !(await challenges.spend(challenge, signed))) throw used();
    return ofPurpose(signed, purpose);
  }
  const record = await challenges.take(opened.challenge);
  if (!record) throw await whyGone(challenges, opened);
  if (clock.isOver(record)) throw expired();
  return ofPurpose(record, purpose);
}

function ofPurpose(record: ChallengeRecord, purpose: ChallengePurpose): ChallengeRecord {
  if (record.purpose === purpose) return record;
  throw new AppAttestError('challenge_unknown', 'the challenge was issued for another purpose', {
    expected: purpose,
    actual: String(record.purpose),
  });
}

async function whyGone(challenges: ChallengeStore, { challenge, source }: FoundChallenge): Promise<AppAttestError> {
  const fate = await challenges.fate?.(challenge);
  if (fate === 'used') return used();
  if (fate === 'expired') return expired();
  return new AppAttestError(
    'challenge_unknown',
    `the challenge ${source} was not issued by this server, or the store has already deleted it`,
  );
}

function used(): AppAttestError {
  return new AppAttestError('challenge_used', 'the challenge was already used');
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
