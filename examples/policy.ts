import { type ExtensionPolicy, ValidationCategory } from 'app-attest';

/** Only builds from the App Store and TestFlight, from version 120 on. Pass it as `policy` to both functions. */
export const policy: ExtensionPolicy = {
  validationCategories: [ValidationCategory.AppStore, ValidationCategory.TestFlight],
  bundleVersions: (bundleVersion) => Number(bundleVersion) >= 120,
  whenAbsent: 'accept', // iOS 26 and earlier sign no extensions; 'reject' locks them out
};
