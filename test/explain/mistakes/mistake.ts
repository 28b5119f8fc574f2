import type { AppAttestErrorCode, Cause, Explanation } from '../../../src/index.js';

/** A mistake in an app or a server, and the first cause that its explanation must contain. */
export interface Mistake {
  /** The mistake, as the end of a test title. */
  readonly title: string;
  readonly explain: () => Promise<Explanation>;
  readonly code: AppAttestErrorCode;
  /** Matches the summary of the first cause. */
  readonly cause: RegExp;
  /** `'certain'` by default. */
  readonly certainty?: Cause['certainty'];
}
