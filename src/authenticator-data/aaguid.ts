import { equalBytes } from '../encoding/bytes.js';
import { AppAttestError, shortHex } from '../errors.js';
import { ENVIRONMENTS, type Environment } from '../options/environment.js';

/** The 16 bytes of `aaguid`: ASCII, in production padded with seven zero bytes. Apple: Validating apps …, step 8. */
const AAGUIDS: Readonly<Record<Environment, Uint8Array>> = {
  production: Buffer.from('appattest\0\0\0\0\0\0\0', 'latin1'),
  development: Buffer.from('appattestdevelop', 'latin1'),
};

/** The environment of an aaguid. All 16 bytes are compared, because both values begin alike. */
export function environmentOf(aaguid: Uint8Array): Environment | undefined {
  return ENVIRONMENTS.find((environment) => equalBytes(AAGUIDS[environment], aaguid));
}

/** @throws AppAttestError `environment_mismatch` */
export function assertEnvironment(aaguid: Uint8Array, allowed: readonly Environment[]): Environment {
  const environment = environmentOf(aaguid);
  if (environment !== undefined && allowed.includes(environment)) return environment;
  throw new AppAttestError(
    'environment_mismatch',
    'the key belongs to an environment that the option environment does not accept',
    {
      expected: allowed.join(' or '),
      actual: environment ?? shortHex(aaguid),
    },
  );
}
