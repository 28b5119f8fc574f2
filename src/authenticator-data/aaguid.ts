import { equalBytes } from '../encoding/bytes.js';
import { AppAttestError, shortHex } from '../errors.js';
import { ENVIRONMENTS, type Environment } from '../options/environment.js';

/**
 * The 16 bytes of `aaguid` for each environment. In WebAuthn, an AAGUID identifies the model of an authenticator. App Attest
 * uses this field for the environment, as ASCII text. In production, seven zero bytes follow the text. Apple: Validating apps
 * that connect to your server, attestation step 8.
 */
const AAGUIDS: Readonly<Record<Environment, Uint8Array>> = {
  production: Buffer.from('appattest\0\0\0\0\0\0\0', 'latin1'),
  development: Buffer.from('appattestdevelop', 'latin1'),
};

/** The environment of an AAGUID. All 16 bytes are compared, because both values begin with `appattest`. */
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
