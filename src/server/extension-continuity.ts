import type { AuthenticatorExtensions } from '../authenticator-data/authenticator-extensions.js';
import type { ExtensionPolicy } from '../authenticator-data/extension-policy.js';
import { AppAttestError } from '../errors.js';

/** Whether evidence has extensions. A map without a known entry does not count. */
export function carriesExtensions(
  extensions: AuthenticatorExtensions | null | undefined,
): extensions is AuthenticatorExtensions {
  return extensions !== undefined && extensions !== null && Object.keys(extensions).length > 0;
}

/**
 * Applies `whenDropped` of the policy to a key that carried extensions before and no longer does. A device never keeps
 * its keys when it goes back to a system before iOS 27. But the app may go back: to a hotfix that was built with an
 * older SDK, or to an older build that an attacker chose so that `whenAbsent` applies. Without a policy nothing is
 * checked.
 *
 * Single entries may come and go: an app can give up the opt-in entitlement, and macOS may omit the bundle version.
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
    "the key carried extensions before and no longer does; to accept builds with an older SDK set whenDropped: 'accept'",
  );
}
