import type { StoredKey } from '../server/stored-key.js';
import type { Session } from '../session/session.js';
import type { Mode } from './mode.js';
import type { UnattestedVerdict } from './verdict.js';

/**
 * The verdict about a request with a valid session token. The token proves that the server issued it to an attested app. It proves
 * nothing about the content of this request. All values are from the time at which the token was issued.
 */
export interface SessionVerdict {
  /** The token is valid. */
  attested: true;
  /** The key, as the token describes it. The property `key` of a verdict of `protect` has these properties too. */
  key: Pick<StoredKey, 'keyId' | 'appId' | 'environment' | 'subject'>;
  /** The session. It also contains its identifier, the times of issue and expiry, and the validation category. */
  session: Session;
}

/** The verdict that a handler behind `protectWithSession` receives, for a type of the option `mode`. See `SeenVerdict`. */
export type SeenSession<Chosen extends Mode> = [Chosen] extends ['enforce']
  ? SessionVerdict
  : SessionVerdict | UnattestedVerdict;

/**
 * Converts a verdict to the type that the handler expects. In the mode `'enforce'`, no {@link UnattestedVerdict} reaches this
 * function.
 */
export function seenSession<Chosen extends Mode>(verdict: SessionVerdict | UnattestedVerdict): SeenSession<Chosen> {
  return verdict as SeenSession<Chosen>;
}
