import { AppAttestError } from '../errors.js';

/** Collects the problems while evidence is decoded, so that one malformed part does not hide the others. */
export class Inspection {
  readonly problems: string[] = [];

  /** Returns the result of `decode`; or adds a problem and returns `undefined`. */
  attempt<Decoded>(part: string, decode: () => Decoded): Decoded | undefined {
    try {
      return decode();
    } catch (error) {
      return this.#note(part, error);
    }
  }

  /** The same for an asynchronous decoder. */
  async attemptLater<Decoded>(part: string, decode: () => Promise<Decoded>): Promise<Decoded | undefined> {
    try {
      return await decode();
    } catch (error) {
      return this.#note(part, error);
    }
  }

  #note(part: string, error: unknown): undefined {
    // A wrong call is an error. Malformed evidence is a problem.
    if (error instanceof AppAttestError && error.code === 'invalid_argument') throw error;
    this.problems.push(`${part}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
