/**
 * How the running app was signed and launched. iOS 27 and later sign this number in attestations and assertions, unless the
 * app was linked with an older SDK.
 *
 * Later operating systems may send a number that is not listed here. The result then contains that number.
 *
 * Source: Apple, Attestation Object Validation Guide (2026).
 */
export const ValidationCategory = {
  /** The operating system could not determine the category. */
  Invalid: 0,
  /** Part of the operating system. */
  Platform: 1,
  /** Installed from TestFlight. */
  TestFlight: 2,
  /** A development build, signed with a development certificate. */
  Development: 3,
  /** Installed from the App Store. */
  AppStore: 4,
  /** Distributed in-house by an enterprise. */
  Enterprise: 5,
  /** A Mac app from outside the App Store. */
  DeveloperId: 6,
  /** Signed on the device that runs it. */
  LocalSigning: 7,
  /** Translated by Rosetta. */
  Rosetta: 8,
  /** Compiled by a just-in-time compiler in another process. */
  OutOfProcessJit: 9,
  /** No category. */
  None: 10,
} as const;

/** The number of a {@link ValidationCategory}. */
export type ValidationCategory = (typeof ValidationCategory)[keyof typeof ValidationCategory];
