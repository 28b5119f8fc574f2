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
  const remedy = "Set whenAbsent: 'accept' in the policy as long as users have iOS 26, or builds of an older SDK.";
  if (data.unauthenticatedExtensions !== undefined) return [withoutFlagCause()];
  if (data.extensions !== undefined) {
    return [certain('The device signed extensions, but not all that the policy requires.', remedy)];
  }
  const [version, major] = VERSION.exec(osVersion ?? '') ?? [];
  if (Number(major) < FIRST_WITH_EXTENSIONS) {
    return [certain(`The device runs version ${version}, and only iOS 27 and later sign extensions.`, remedy)];
  }
  return [
    likely(
      'The device runs iOS 26 or earlier, or the app was built with an older SDK: it signs no extensions.',
      remedy,
    ),
  ];
}

/** Extensions without the flag ED are not signed as extensions. */
export function withoutFlagCause(): Cause {
  return certain(
    'Authenticator data ends with extensions, but its flags do not include ED (0x80): the device did not sign them as extensions.',
    'Do not believe these extensions, because a tampered app can add them (docs/authenticated-bytes.md); hash client data with SHA-256.',
  );
}

function rejectedCause(check: Check | undefined, { extensions }: AuthenticatorData): Cause {
  const { validationCategory, bundleVersion } = extensions ?? {};
  if (check?.actual === String(validationCategory)) {
    const name = Object.entries(ValidationCategory).find(([, category]) => category === validationCategory)?.[0];
    return certain(
      `The policy does not accept the validation category ${validationCategory} (${name ?? 'not known to this version'}).`,
      'Install the app as the policy requires, for example from the App Store, or add the category to validationCategories.',
    );
  }
  if (bundleVersion !== undefined && check?.actual === shortText(bundleVersion)) {
    return certain(
      `The policy does not accept the bundle version ${check.actual}.`,
      'Add CFBundleVersion of this build to bundleVersions, or let the user update the app.',
    );
  }
  return certain(
    'The policy does not accept an extension of the running app, such as its code directory hash.',
    'Add the value of this build to the policy, as codesign -dvvv prints it, or check the function bundleVersions.',
  );
}
