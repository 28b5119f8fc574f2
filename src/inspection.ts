import { AppAttestError } from './errors.js';

/** Collects what goes wrong while evidence is taken apart, so that one bad part does not hide the others. */
export class Inspection {
  readonly problems: string[] = [];

  /** The result of `decode`, or `undefined` and one more problem. */
  attempt<Decoded>(part: string, decode: () => Decoded): Decoded | undefined {
    try {
      return decode();
    } catch (error) {
      // A wrong call stays an error; evidence never is one here.
      if (error instanceof AppAttestError && error.code === 'invalid_argument') throw error;
      this.problems.push(`${part}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }
}
