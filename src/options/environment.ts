import { AppAttestError, shortValue } from '../errors.js';

/**
 * The environment in which a key was attested. `production` is for apps from the App Store, TestFlight or enterprise
 * distribution. `development` is for builds from Xcode, unless their App Attest environment entitlement is `production`.
 */
export type Environment = 'production' | 'development';

export const ENVIRONMENTS: readonly Environment[] = ['production', 'development'];

/**
 * Checks the option `environment`: the accepted environments. The default is production.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readEnvironments(environment: unknown): readonly Environment[] {
  if (environment === undefined) return ['production'];
  const named: readonly unknown[] = Array.isArray(environment) ? [...environment] : [environment];
  if (named.length === 0 || !named.every(isEnvironment)) {
    throw new AppAttestError(
      'invalid_argument',
      `environment must be 'production', 'development' or an array of these, not ${named.map(shortValue).join(', ') || '[]'}`,
    );
  }
  return named;
}

export function isEnvironment(value: unknown): value is Environment {
  return ENVIRONMENTS.some((environment) => environment === value);
}
