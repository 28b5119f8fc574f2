import { shortText } from '../../errors.js';
import type { Environment } from '../../options/environment.js';
import type { Cause } from '../explanation.js';
import { certain, likely } from './certainty.js';

/** Explains an environment that is not accepted. `environment` is `undefined` if Apple does not document the AAGUID. */
export function environmentCauses(environment: Environment | undefined, accepted: readonly Environment[]): Cause[] {
  const servers = accepted.map(shortText).join(' and ');
  if (environment === undefined) {
    return [
      likely(
        'The AAGUID belongs to no known environment: the attestation was changed or forged.',
        'Reject the request, because Apple documents AAGUIDs only for development and production.',
      ),
    ];
  }
  return environment === 'development'
    ? [
        certain(
          `The app is a development build, for example started from Xcode, but the server accepts only ${servers}.`,
          "Test with a TestFlight build, or set environment: 'development' on a server for development builds.",
        ),
      ]
    : [
        certain(
          `The app is a production build (App Store, TestFlight or enterprise), but the server accepts only ${servers}.`,
          "Set environment: 'production' on the server, or send the requests of this build to the production server.",
        ),
      ];
}
