import type { ChallengeRecord } from '../server/challenge-store.js';
import type { StoredRecord } from './stored-record.js';

/** How long stores keep a challenge after it has expired, in milliseconds. Most late requests arrive within this time. */
export const REMEMBERED_AFTER_END = 60_000;

/** A challenge as stored in a database, with dates in milliseconds since 1970. */
export interface StoredChallenge {
  readonly purpose: string;
  readonly subject: string | null;
  readonly issuedAt: number | null;
  readonly expiresAt: number;
}

export function storedChallenge({ purpose, subject, issuedAt, expiresAt }: ChallengeRecord): StoredChallenge {
  return {
    purpose,
    subject: subject ?? null,
    issuedAt: issuedAt?.getTime() ?? null,
    expiresAt: expiresAt.getTime(),
  };
}

/** The lifetime of a challenge that was just issued, in milliseconds. A wrong clock on the server does not change it. */
export function challengeLifetime({ issuedAt, expiresAt }: ChallengeRecord): number {
  return Math.max(0, expiresAt.getTime() - (issuedAt?.getTime() ?? Date.now()));
}

/** How long a store remembers a spent challenge, in milliseconds: twice its lifetime, but at least a minute. */
export function spentFor(record: ChallengeRecord): number {
  return Math.max(2 * challengeLifetime(record), REMEMBERED_AFTER_END);
}

/** @throws Error if {@link storedChallenge} cannot have written the record */
export function readChallengeRecord(record: StoredRecord): ChallengeRecord {
  const issuedAt = record.optionalDate('issuedAt');
  return {
    purpose: record.word('purpose', ['attestation', 'assertion']),
    subject: record.optionalText('subject'),
    ...(issuedAt && { issuedAt }),
    expiresAt: record.date('expiresAt'),
  };
}
