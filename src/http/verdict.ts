import type { AuthenticatedRequest } from '../server/authenticate.js';
import type { ModeOption } from './mode.js';
import type { RejectionCode } from './status.js';

/** A request that a registered key signed, once. */
export interface AttestedVerdict extends AuthenticatedRequest {
  /** The request is attested. */
  attested: true;
}

/** A request that `mode: 'report'` let through. */
export interface UnattestedVerdict {
  /** The request is not attested: anybody can have sent it. */
  attested: false;
  /** The code with which `mode: 'enforce'` would have rejected it. */
  code: RejectionCode;
}

/** The result of the decision about a protected request. */
export type Verdict = AttestedVerdict | UnattestedVerdict;

/** What a handler sees: with `mode: 'enforce'` only attested requests, otherwise either. */
export type SeenVerdict<Option extends ModeOption<never>> = Option extends 'enforce' ? AttestedVerdict : Verdict;

/**
 * The verdict as a handler sees it. A verdict of report mode only exists if the options allow report mode, and the handler
 * then takes both.
 */
export function seen<Option extends ModeOption<never>>(verdict: Verdict): SeenVerdict<Option> {
  return verdict as SeenVerdict<Option>;
}
