import { isDate } from 'node:util/types';
import { AppAttestError } from '../errors.js';
import { isAsynchronous } from '../runtime/asynchronous.js';
import type { ChallengeRecord } from './challenge-store.js';

/** The clock of one server. It may be set back while the server runs. */
export class ServerClock {
  readonly #now: () => Date;
  /** The latest time that the clock has returned. */
  #latest = Number.NEGATIVE_INFINITY;

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** @throws AppAttestError `invalid_argument` if the clock in the options returns no valid date */
  now(): Date {
    const now: unknown = this.#now();
    if (isAsynchronous(now)) throw new AppAttestError('invalid_argument', 'now must not be asynchronous');
    if (!isDate(now) || Number.isNaN(now.getTime())) {
      throw new AppAttestError('invalid_argument', 'now must return a valid Date');
    }
    this.#latest = Math.max(this.#latest, now.getTime());
    return now;
  }

  /**
   * Whether a challenge has expired. If it seems to be issued in the future, the clock was set back after it was issued
   * (or the clock of the issuing server is ahead). It is then compared with the latest time that this clock has
   * returned, so that an expired challenge does not become valid again.
   */
  isOver({ issuedAt, expiresAt }: ChallengeRecord): boolean {
    const now = this.now().getTime();
    const isFromLater = issuedAt !== undefined && issuedAt.getTime() > now;
    // Written so that an invalid date counts as expired.
    return !((isFromLater ? this.#latest : now) < expiresAt.getTime());
  }
}
