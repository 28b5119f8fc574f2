import type { AuthenticatorData } from '../../authenticator-data/authenticator-data.js';
import { ValidationCategory } from '../../authenticator-data/validation-category.js';
import { shortText } from '../../errors.js';
import type { Cause, Check } from '../explanation.js';
import { certain, likely } from './certainty.js';

const FIRST_WITH_EXTENSIONS = 27;
const VERSION = /^(\d{1,3})(?:\.\d{1,3}){0,3}$/;

/** Explains evidence that does not meet the policy. */
export function policyCauses(check: Check | undefined, data: AuthenticatorData, osVersion?: string): Cause[] {
  return check?.code === 'extension_missing' ? missingCauses(data, osVersion) : [rejectedCause(check, data)];
}

function missingCauses(data: AuthenticatorData, osVersion: string | undefined): Cause[] {
  const remedy =
    "On the server, set whenAbsent: 'accept' in the policy while users run iOS 26 or earlier, or a build made with an older SDK.";
  if (data.unauthenticatedExtensions !== undefined) return [withoutFlagCause()];
  if (data.extensions !== undefined) {
    return [certain('The device signed extensions, but not all that the policy requires.', remedy)];
  }
  const [version, major] = VERSION.exec(osVersion ?? '') ?? [];
  if (Number(major) < FIRST_WITH_EXTENSIONS) {
    return [
      certain(
        `The device runs version ${version} of its operating system, but only version 27 and later sign extensions.`,
        remedy,
      ),
    ];
  }
  return [
    likely(
      'The device signed no extensions: it runs iOS 26 or earlier, or the app was built with an older SDK.',
      remedy,
    ),
  ];
}

/** Explains an extension map in authenticator data whose flags do not include ED. */
export function withoutFlagCause(): Cause {
  return certain(
    'Authenticator data ends with an extension map, but its flags do not include ED (0x80), so the device did not sign this map as extensions.',
    'On the server, do not trust this map, because a tampered app can add it (docs/authenticated-bytes.md); in the app, pass only SHA-256 hashes to the device.',
  );
}

function rejectedCause(check: Check | undefined, { extensions }: AuthenticatorData): Cause {
  const { validationCategory, bundleVersion } = extensions ?? {};
  if (check?.actual === String(validationCategory)) {
    const name = Object.entries(ValidationCategory).find(([, category]) => category === validationCategory)?.[0];
    return certain(
      `The policy does not accept the validation category ${validationCategory} (${name ?? 'unknown to this version of app-attest'}).`,
      'Install the app as the policy requires, for example from the App Store, or add the category to validationCategories on the server.',
    );
  }
  if (bundleVersion !== undefined && check?.actual === shortText(bundleVersion)) {
    return certain(
      `The policy does not accept the bundle version ${check.actual}.`,
      'On the server, accept the CFBundleVersion of this build in bundleVersions of the policy, or let the user update the app.',
    );
  }
  return certain(
    'The policy does not accept the code directory hash of the running app, or the function bundleVersions threw an error.',
    'On the server, add the hash that codesign -dvvv prints for this build to codeDirectoryHashes, or correct the function bundleVersions.',
  );
}
