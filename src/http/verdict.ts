import type { AuthenticatedRequest } from '../server/authenticate.js';
import type { Mode } from './mode.js';
import type { RejectionCode } from './status.js';

/** A request that a registered key signed. It is accepted once. */
export interface AttestedVerdict extends AuthenticatedRequest {
  /** The request is attested. */
  attested: true;
}

/** A request that is not attested, and that `mode: 'report'` let through. */
export interface UnattestedVerdict {
  /** The request is not attested. Any client can have sent it. */
  attested: false;
  /** The code with which `mode: 'enforce'` would have rejected the request. */
  code: RejectionCode;
}

/** An accepted request of another format. It has the properties of the object that the function in `formats` returned. */
export type OtherFormatVerdict<Result extends object> = Result & {
  /** The request is attested. */
  attested: true;
};

/** The result of the decision about a protected request. `Result` is the type that the functions in `formats` return. */
export type Verdict<Result extends object = never> = AcceptedVerdict<Result> | UnattestedVerdict;

/** The result of the decision about an accepted request. */
export type AcceptedVerdict<Result extends object> = AttestedVerdict | OtherFormatVerdict<Result>;

/** Exists only in types. */
declare const seenBy: unique symbol;

/**
 * Makes types with different verdicts incompatible. Express would otherwise accept a handler for {@link AttestedVerdict} after a
 * `protect` for {@link Verdict}.
 */
export interface SeenBy<Seen extends Verdict<object>> {
  /** Never present. */
  readonly [seenBy]?: (seen: Seen) => Seen;
}

/**
 * The verdict that a handler receives. If the mode of all requests is `'enforce'`, it is never an {@link UnattestedVerdict}.
 */
export type SeenVerdict<Chosen extends Mode, Result extends object = never> = [Chosen] extends ['enforce']
  ? AcceptedVerdict<Result>
  : Verdict<Result>;

/**
 * Converts a verdict to the type that the handler expects. An {@link UnattestedVerdict} exists only in report mode. The type of
 * the options then requires a handler for both verdicts.
 */
export function seen<Chosen extends Mode, Result extends object>(
  verdict: Verdict<Result>,
): SeenVerdict<Chosen, Result> {
  return verdict as SeenVerdict<Chosen, Result>;
}
