import { AppAttestError } from '../errors.js';

/** Collects what goes wrong while evidence is taken apart, so that one bad part does not hide the others. */
export class Inspection {
  readonly problems: string[] = [];

  /** The result of `decode`, or `undefined` and one more problem. */
  attempt<Decoded>(part: string, decode: () => Decoded): Decoded | undefined {
    try {
      return decode();
    } catch (error) {
      return this.#note(part, error);
    }
  }

  /** The same for a decoder that takes its time. */
  async attemptLater<Decoded>(part: string, decode: () => Promise<Decoded>): Promise<Decoded | undefined> {
    try {
      return await decode();
    } catch (error) {
      return this.#note(part, error);
    }
  }

  #note(part: string, error: unknown): undefined {
    // A wrong call stays an error; evidence never is one here.
    if (error instanceof AppAttestError && error.code === 'invalid_argument') throw error;
    this.problems.push(`${part}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
