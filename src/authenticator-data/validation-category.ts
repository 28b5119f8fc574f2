/**
 * How the running app was signed and launched, as iOS 27 and later sign it into every attestation and assertion.
 *
 * A system may send a number that is not listed here; it stays a number in the result.
 *
 * Source: Apple, Attestation Object Validation Guide (2026).
 */
export const ValidationCategory = {
  Invalid: 0,
  /** Part of the operating system. */
  Platform: 1,
  TestFlight: 2,
  /** A development build, signed with a development certificate. */
  Development: 3,
  AppStore: 4,
  /** Distributed in-house by an enterprise. */
  Enterprise: 5,
  /** A Mac app from outside the App Store. */
  DeveloperId: 6,
  LocalSigning: 7,
  Rosetta: 8,
  OutOfProcessJit: 9,
  None: 10,
} as const;

export type ValidationCategory = (typeof ValidationCategory)[keyof typeof ValidationCategory];
