import type { AppAttestErrorCode } from '../errors.js';
import type { InspectedAssertion } from './inspect-assertion.js';
import type { InspectedAttestation } from './inspect-attestation.js';
import type { InspectedReceipt } from './inspect-receipt.js';

/** Why evidence is accepted or rejected: the result of `explainAttestation`, `explainAssertion` and `explainReceipt`. */
export interface Explanation<
  Inspected extends InspectedAttestation | InspectedAssertion | InspectedReceipt =
    | InspectedAttestation
    | InspectedAssertion
    | InspectedReceipt,
> {
  /**
   * `'accepted'`: `verify…` accepts the evidence with the same options. `'refused'`: at least one check failed.
   * `'undecided'`: no check failed, but at least one was skipped, because an option that `verify…` requires was not passed.
   */
  verdict: 'accepted' | 'refused' | 'undecided';
  /** The code of the first failed check. With all required options, `verify…` throws an error with this code. */
  code?: AppAttestErrorCode;
  /** All checks of `verify…`, in the same order. The checks after a failed check are included. */
  checks: Check[];
  /** Mistakes that explain the failed checks, the most certain first. Empty unless the verdict is `'refused'`. */
  causes: Cause[];
  /** The decoded evidence, as `inspect…` returns it. Nothing in it is verified. */
  inspection: Inspected;
}

/** One check of `verify…`. */
export interface Check {
  /** The checked value, for example `"nonce"`. */
  name: string;
  /** The number of the step on Apple's page. Absent for additional checks, and for receipts. */
  step?: number;
  /** `'skipped'`: a value to compare with was not passed, or a part of the evidence could not be decoded. */
  outcome: 'passed' | 'failed' | 'skipped';
  /** The code of the error that the failed check throws. */
  code?: AppAttestErrorCode;
  /** For a failed check: the expected value, or a description of it. Bytes are shown as shortened hex. */
  expected?: string;
  /** The value in the evidence. If a failed check has no such value, the error message. Bytes are shown as shortened hex. */
  actual?: string;
}

/** A mistake that explains failed checks. */
export interface Cause {
  /** What is wrong. */
  summary: string;
  /** What to change, and where. */
  remedy: string;
  /**
   * `'certain'`: a comparison proves the mistake. For example, the nonce matches the decoded challenge. `'likely'`: the
   * evidence looks as it does after this mistake, but no comparison proves it. `'possible'`: nothing contradicts this mistake.
   */
  certainty: 'certain' | 'likely' | 'possible';
}
