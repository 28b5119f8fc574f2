import type { AuthenticatedRequest } from '../server/authenticate.js';
import type { Mode } from './mode.js';
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

/** Only in types, to keep handlers that see one kind of verdict apart from those that see another. */
declare const seenBy: unique symbol;

/**
 * A mark in what `protect` adds for the next handlers, which frameworks otherwise assume that they may expect in any
 * narrower type. There is no such property.
 */
export interface SeenBy<Seen extends Verdict> {
  /** Never present. */
  readonly [seenBy]?: (seen: Seen) => Seen;
}

/** What a handler sees: if all requests are enforced, attested ones only; otherwise either. */
export type SeenVerdict<Chosen extends Mode> = [Chosen] extends ['enforce'] ? AttestedVerdict : Verdict;

/**
 * The verdict as a handler sees it. A verdict of report mode only exists if the options allow report mode, and the handler
 * then takes both.
 */
export function seen<Chosen extends Mode>(verdict: Verdict): SeenVerdict<Chosen> {
  return verdict as SeenVerdict<Chosen>;
}
