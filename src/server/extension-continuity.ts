import type { AuthenticatorExtensions } from '../authenticator-data/authenticator-extensions.js';
import type { ExtensionPolicy } from '../authenticator-data/extension-policy.js';
import { AppAttestError } from '../errors.js';

/** Returns whether evidence has at least one known extension. */
export function carriesExtensions(
  extensions: AuthenticatorExtensions | null | undefined,
): extensions is AuthenticatorExtensions {
  return extensions !== undefined && extensions !== null && Object.keys(extensions).length > 0;
}

/**
 * Applies `whenDropped` of the policy. Rejects an assertion without extensions if earlier evidence of the same key had
 * extensions. Without a policy, or with `whenDropped: 'accept'`, nothing is checked.
 *
 * A device loses its keys when it is downgraded to iOS 26 or earlier. An app that is updated to a build with an older SDK keeps
 * its keys, but its assertions have no extensions. Such a build can be a legitimate hotfix. An attacker can also install an old
 * build to evade a policy whose `whenAbsent` accepts evidence without extensions.
 *
 * An assertion that lacks only one of the earlier extensions is accepted. For example, a new build of the app may not have the
 * App Attest opt-in entitlement, and then sends no code directory hash. macOS may omit the bundle version.
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
    'the assertion has no extensions, but earlier evidence of this key had extensions; ' +
      "to accept older builds, set whenDropped: 'accept'",
  );
}
