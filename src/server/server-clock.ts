import { isDate } from 'node:util/types';
import { AppAttestError } from '../errors.js';
import { isAsynchronous } from '../runtime/asynchronous.js';
import type { ChallengeRecord } from './challenge-store.js';

/** The clock of one server. An administrator or a time service may set the clock back while the server runs. */
export class ServerClock {
  readonly #now: () => Date;
  /** The latest time that the clock returned. */
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
   * Returns whether a challenge has expired. Usually the current time decides.
   *
   * If the issue time of the challenge is in the future, then this clock was set back, or the clock of the issuing server is
   * ahead. In both cases, the latest time that this clock returned decides. An expired challenge therefore does not become
   * valid again.
   */
  isOver({ issuedAt, expiresAt }: ChallengeRecord): boolean {
    const now = this.now().getTime();
    const isFromLater = issuedAt !== undefined && issuedAt.getTime() > now;
    // A comparison with an invalid date is false, so the negation reports a challenge with an invalid date as expired.
    return !((isFromLater ? this.#latest : now) < expiresAt.getTime());
  }
}

/**
 * Reads the option `now`. Calls the clock once, so that an error is thrown at server start if the clock returns no valid time.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readClock(now: Date | (() => Date) = () => new Date()): ServerClock {
  const clock = new ServerClock(typeof now === 'function' ? now : () => now);
  clock.now();
  return clock;
}
