import type { AppAttestErrorCode, Cause, Explanation } from '../../../src/index.js';

/** A mistake in an app or a server, and what its explanation must begin with. */
export interface Mistake {
  /** What somebody did, as the end of a test title. */
  readonly title: string;
  readonly explain: () => Promise<Explanation>;
  readonly code: AppAttestErrorCode;
  /** The summary of the first cause. */
  readonly cause: RegExp;
  /** `'certain'` by default. */
  readonly certainty?: Cause['certainty'];
}
