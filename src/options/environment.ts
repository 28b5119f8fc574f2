import { equalBytes } from '../encoding/bytes.js';
import { AppAttestError, shortHex } from '../errors.js';

/**
 * Where a key was attested: `production` for apps from the App Store, TestFlight and enterprise distribution,
 * `development` for builds that run from Xcode with the development entitlement.
 */
export type Environment = 'production' | 'development';

/** The 16 bytes of `aaguid`: ASCII, and in production seven zero bytes. Apple: Validating apps …, step 8. */
const AAGUIDS: Readonly<Record<Environment, Uint8Array>> = {
  production: Buffer.from('appattest\0\0\0\0\0\0\0', 'latin1'),
  development: Buffer.from('appattestdevelop', 'latin1'),
};

const ENVIRONMENTS: readonly Environment[] = ['production', 'development'];

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

/** The environment that an aaguid stands for, all 16 bytes compared: one begins like the other. */
export function environmentOf(aaguid: Uint8Array): Environment | undefined {
  return ENVIRONMENTS.find((environment) => equalBytes(AAGUIDS[environment], aaguid));
}

/** @throws AppAttestError `environment_mismatch` */
export function assertEnvironment(aaguid: Uint8Array, allowed: readonly Environment[]): Environment {
  const environment = environmentOf(aaguid);
  if (environment !== undefined && allowed.includes(environment)) return environment;
  throw new AppAttestError('environment_mismatch', 'the key belongs to another App Attest environment', {
    expected: allowed.join(' or '),
    actual: environment ?? shortHex(aaguid),
  });
}
