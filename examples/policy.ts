import { type ExtensionPolicy, ValidationCategory } from 'app-attest';

/** Accepts only builds from the App Store and TestFlight, from version 120 on. Pass it to both verifiers. */
export const policy: ExtensionPolicy = {
  validationCategories: [ValidationCategory.AppStore, ValidationCategory.TestFlight],
  bundleVersions: (bundleVersion) => Number(bundleVersion) >= 120,
  whenAbsent: 'accept', // iOS 26 and earlier sign no extensions; 'reject' would reject their evidence
};
