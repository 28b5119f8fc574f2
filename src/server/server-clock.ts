import { isDate } from 'node:util/types';
import { AppAttestError } from '../errors.js';
import { isAsynchronous } from '../runtime/asynchronous.js';
import type { ChallengeRecord } from './challenge-store.js';

/** The clock of one server, that may be set back while it runs. */
export class ServerClock {
  readonly #now: () => Date;
  /** The latest moment that the clock has shown. */
  #latest = Number.NEGATIVE_INFINITY;

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** @throws AppAttestError `invalid_argument` where the user's clock shows no time */
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
   * Whether a challenge is over. One that seems to be issued in the future was issued before the clock was set back (or
   * by a server whose clock is ahead); it is judged by the latest moment that this clock has shown, so that it does not
   * come back if it was over then.
   */
  isOver({ issuedAt, expiresAt }: ChallengeRecord): boolean {
    const now = this.now().getTime();
    const isFromLater = issuedAt !== undefined && issuedAt.getTime() > now;
    // Written so that an invalid date is over.
    return !((isFromLater ? this.#latest : now) < expiresAt.getTime());
  }
}
