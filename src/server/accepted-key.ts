import { AppAttestError } from '../errors.js';
import type { Configuration } from './app-attest-options.js';
import type { StoredKey } from './stored-key.js';

/**
 * Checks the App ID and the environment of a registered key again. The options of the server may have changed since the
 * registration.
 *
 * @throws AppAttestError `app_id_mismatch`, `environment_mismatch`
 */
export function assertStillAccepted({ appId, environment }: StoredKey, { appIds, environments }: Configuration): void {
  if (!appIds.includes(appId)) {
    const expected = appIds.join(' or ');
    throw new AppAttestError('app_id_mismatch', 'the key belongs to another app', { expected, actual: appId });
  }
  if (!environments.includes(environment)) {
    throw new AppAttestError(
      'environment_mismatch',
      'the key belongs to an environment that the option environment does not accept',
      { expected: environments.join(' or '), actual: environment },
    );
  }
}
