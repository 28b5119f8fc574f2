import type { AuthenticatorExtensions } from '../authenticator-data/authenticator-extensions.js';
import type { ExtensionPolicy } from '../authenticator-data/extension-policy.js';
import { AppAttestError } from '../errors.js';

/** Whether evidence says anything about the running app. A map without a known entry does not. */
export function carriesExtensions(
  extensions: AuthenticatorExtensions | null | undefined,
): extensions is AuthenticatorExtensions {
  return extensions !== undefined && extensions !== null && Object.keys(extensions).length > 0;
}

/**
 * Judges a key that carried extensions and does not any longer, by `whenDropped` of the policy. A system never goes back
 * to before iOS 27 with its keys, but the app may: to a hotfix that was built with an older SDK, or to an older build that
 * somebody picks to be judged by `whenAbsent`. Without a policy nothing is judged.
 *
 * Single entries may come and go: an app can give up the opt-in entitlement, and macOS may leave out the bundle version.
 *
 * @throws AppAttestError `extension_missing`
 */
export function assertExtensionsContinue(
  stored: AuthenticatorExtensions | null | undefined,
  presented: AuthenticatorExtensions | undefined,
  policy: ExtensionPolicy | undefined,
): void {
  if (policy === undefined || policy.whenDropped === 'accept') return;
  if (!carriesExtensions(stored) || carriesExtensions(presented)) return;
  throw new AppAttestError(
    'extension_missing',
    "the key carried extensions before and no longer does; a build with an older SDK needs whenDropped: 'accept'",
  );
}
