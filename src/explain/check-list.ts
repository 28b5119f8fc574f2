import { AppAttestError } from '../errors.js';
import type { Check, Explanation } from './explanation.js';

/** Details of a check. The function of the check does not return them. */
interface CheckDetails {
  /** The number of the step on Apple's page. */
  readonly step?: number;
  /** The value in the evidence. If the check fails, the value in its error replaces this value. */
  readonly actual?: string | undefined;
}

/** Passed instead of the function of a check if a value for the check is missing. */
type Missing = undefined | false;

/** Makes the checks of `verify…` one by one. A failed check does not end the list. */
export class CheckList {
  readonly checks: Check[] = [];

  /**
   * Makes one check, or skips it if a value is missing.
   *
   * @returns the result of the check. `undefined` if the check failed or was skipped
   * @throws AppAttestError `invalid_argument` if the check finds a wrong option. This error is not a failed check
   */
  make<Result>(name: string, details: CheckDetails, check: (() => Result) | Missing): Result | undefined {
    if (!check) return this.#skip(name, details);
    try {
      const result = check();
      this.#add(name, details, { outcome: 'passed' });
      return result;
    } catch (error) {
      return this.#fail(name, details, error);
    }
  }

  /** Like {@link make}, for an asynchronous check. */
  async makeLater<Result>(
    name: string,
    details: CheckDetails,
    check: (() => Promise<Result>) | Missing,
  ): Promise<Result | undefined> {
    if (!check) return this.#skip(name, details);
    try {
      const result = await check();
      this.#add(name, details, { outcome: 'passed' });
      return result;
    } catch (error) {
      return this.#fail(name, details, error);
    }
  }

  find(name: string): Check | undefined {
    return this.checks.find((check) => check.name === name);
  }

  hasFailed(name: string): boolean {
    return this.find(name)?.outcome === 'failed';
  }

  get verdict(): Explanation['verdict'] {
    if (this.checks.some(({ outcome }) => outcome === 'failed')) return 'refused';
    return this.checks.some(({ outcome }) => outcome === 'skipped') ? 'undecided' : 'accepted';
  }

  /** The code of the first failed check, which is the code that `verify…` throws. */
  get code(): Explanation['code'] {
    return this.checks.find(({ outcome }) => outcome === 'failed')?.code;
  }

  #skip(name: string, details: CheckDetails): undefined {
    this.#add(name, details, { outcome: 'skipped' });
  }

  #fail(name: string, { step }: CheckDetails, error: unknown): undefined {
    if (!(error instanceof AppAttestError) || error.code === 'invalid_argument') throw error;
    const { code, expected, actual, message } = error;
    this.#add(name, step === undefined ? {} : { step }, {
      outcome: 'failed',
      code,
      ...(expected !== undefined && { expected }),
      actual: actual ?? message,
    });
  }

  #add(name: string, { step, actual }: CheckDetails, result: Omit<Check, 'name' | 'step'>): void {
    this.checks.push({ name, ...(step !== undefined && { step }), ...(actual !== undefined && { actual }), ...result });
  }
}
