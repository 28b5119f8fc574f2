import type { StoredKey } from '../server/stored-key.js';
import type { Session } from '../session/session.js';
import type { Mode } from './mode.js';
import type { UnattestedVerdict } from './verdict.js';

/**
 * A request with a valid session token. The token proves that an attested app received it, and nothing about this request. All
 * values are from the time at which the token was issued.
 */
export interface SessionVerdict {
  /** The token is valid. */
  attested: true;
  /** What the token states about the key. After `protect`, the property `key` has these properties too. */
  key: Pick<StoredKey, 'keyId' | 'appId' | 'environment' | 'subject'>;
  /** The session: its identifier, its time of issue and of expiry, and the validation category of the app. */
  session: Session;
}

/** The verdict that a handler behind `protectWithSession` receives. See `SeenVerdict`. */
export type SeenSession<Chosen extends Mode> = [Chosen] extends ['enforce']
  ? SessionVerdict
  : SessionVerdict | UnattestedVerdict;

/**
 * Converts a verdict to the type that the handler expects. An {@link UnattestedVerdict} exists only in report mode, as in `seen`.
 */
export function seenSession<Chosen extends Mode>(verdict: SessionVerdict | UnattestedVerdict): SeenSession<Chosen> {
  return verdict as SeenSession<Chosen>;
}
