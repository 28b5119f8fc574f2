import type { AuthenticatorExtensions } from '../authenticator-data/extensions.js';
import { AppAttestError } from '../errors.js';

/** Whether evidence says anything about the running app. A map without a known entry does not. */
export function carriesExtensions(
  extensions: AuthenticatorExtensions | null | undefined,
): extensions is AuthenticatorExtensions {
  return extensions !== undefined && extensions !== null && Object.keys(extensions).length > 0;
}

/**
 * A key that once carried extensions may not stop carrying them: no system goes back to before iOS 27 with its keys, but
 * an older build of the app, or one that was tampered with, may want to be judged by what a policy says of the absent.
 *
 * Single entries may come and go: an app can give up the opt-in entitlement, and macOS may leave out the bundle version.
 *
 * @throws AppAttestError `extension_missing`
 */
export function assertExtensionsContinue(
  stored: AuthenticatorExtensions | null | undefined,
  presented: AuthenticatorExtensions | undefined,
): void {
  if (!carriesExtensions(stored) || carriesExtensions(presented)) return;
  throw new AppAttestError('extension_missing', 'the key carried extensions before and does not any longer');
}
