import { type ExtensionPolicy, ValidationCategory } from 'app-attest';

/** Accepts builds from the App Store and TestFlight, from version 120 on. Pass this object as the option `policy`. */
export const policy: ExtensionPolicy = {
  validationCategories: [ValidationCategory.AppStore, ValidationCategory.TestFlight],
  bundleVersions: (bundleVersion) => Number(bundleVersion) >= 120,
  whenAbsent: 'accept', // 'reject' would reject iOS 26 and earlier, which sign no extensions
};
