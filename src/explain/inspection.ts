import { AppAttestError } from '../errors.js';

/** Collects problems while evidence is decoded. After a malformed part, the other parts are still decoded. */
export class Inspection {
  readonly problems: string[] = [];

  /** Returns the result of `decode`. If `decode` throws, adds a problem and returns `undefined`. */
  attempt<Decoded>(part: string, decode: () => Decoded): Decoded | undefined {
    try {
      return decode();
    } catch (error) {
      return this.#note(part, error);
    }
  }

  /** Like {@link attempt}, for an asynchronous decoder. */
  async attemptLater<Decoded>(part: string, decode: () => Promise<Decoded>): Promise<Decoded | undefined> {
    try {
      return await decode();
    } catch (error) {
      return this.#note(part, error);
    }
  }

  #note(part: string, error: unknown): undefined {
    // A wrong argument is an error of the caller, so the error is thrown. Errors of malformed evidence become problems.
    if (error instanceof AppAttestError && error.code === 'invalid_argument') throw error;
    this.problems.push(`${part}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
