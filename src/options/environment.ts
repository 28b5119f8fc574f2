import { AppAttestError } from '../errors.js';

/**
 * Where a key was attested: `production` for apps from the App Store, TestFlight and enterprise distribution,
 * `development` for builds that run from Xcode with the development entitlement.
 */
export type Environment = 'production' | 'development';

export const ENVIRONMENTS: readonly Environment[] = ['production', 'development'];

/**
 * The environments that a server accepts; production where it names none.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readEnvironments(environment: unknown): readonly Environment[] {
  if (environment === undefined) return ['production'];
  const named: readonly unknown[] = Array.isArray(environment) ? [...environment] : [environment];
  if (named.length === 0 || !named.every(isEnvironment)) {
    throw new AppAttestError(
      'invalid_argument',
      "environment must be 'production', 'development' or an array of these",
    );
  }
  return named;
}

export function isEnvironment(value: unknown): value is Environment {
  return ENVIRONMENTS.some((environment) => environment === value);
}
