import type { AuthenticatorExtensions } from '../../authenticator-data/authenticator-extensions.js';
import { readKnownOptions } from '../../options/known-options.js';

/**
 * Misbehaviour of a virtual device. It imitates attackers, old apps and the devices of developers. If the description of a
 * property contains an error code, a backend must reject the evidence with this code.
 */
export interface Misbehaviour {
  /** The credential certificate has already expired when the device attests the key: `certificate_expired`. */
  expiredCertificate?: boolean | undefined;
  /** The attestation was made for another challenge: `nonce_mismatch`. */
  wrongNonce?: boolean | undefined;
  /** The app was started from Xcode: `environment_mismatch` on a server that accepts only `'production'`. */
  developmentBuild?: boolean | undefined;
  /** The counter does not increase, as in a replay of an old request: `counter_not_increased`. */
  standingCounter?: boolean | undefined;
  /**
   * The app was linked with an SDK that is older than iOS 27, so its evidence has no extensions. The code is
   * `extension_missing` if the backend's policy has `whenAbsent: 'reject'`. If earlier evidence of the key had
   * extensions, the method `authenticate` of a server with any policy also throws this code, unless the policy has
   * `whenDropped: 'accept'`.
   */
  olderSdk?: boolean | undefined;
  /**
   * A tampered app forges these extensions. The app passes the extensions to the device as the first part of the client data
   * hash, so the device signs the extensions. Then the app moves the extensions to the end of authenticator data.
   *
   * If the device signs its own extensions, or if the backend has the option `clientData: 'raw'`, the forged extensions make
   * the evidence malformed: `malformed_attestation` or `malformed_assertion`. Devices with iOS 27 or macOS 27 sign their own
   * extensions, unless `olderSdk` is set. In all other cases, the flag ED (extension data) in authenticator data is unset, so
   * a backend must ignore the forged extensions. The code is then `extension_missing` if the backend's policy has
   * `whenAbsent: 'reject'`.
   */
  forgedExtensions?: AuthenticatorExtensions | undefined;
  /**
   * The app replaces the unsigned field `cdHash` with this code directory hash, if the operating system adds the field. No
   * verifier can detect this change, so a verifier must not report the field as verified.
   */
  rewrittenCodeDirectoryHash?: Uint8Array | undefined;
}

/**
 * Checks a misbehaviour and throws for an unknown property. With a misspelt property, the device would stay honest, and the
 * test would prove nothing.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readMisbehaviour(misbehaviour: Misbehaviour): Misbehaviour {
  return readKnownOptions<Misbehaviour>('misbehave', misbehaviour, {
    expiredCertificate: 'may be undefined',
    wrongNonce: 'may be undefined',
    developmentBuild: 'may be undefined',
    standingCounter: 'may be undefined',
    olderSdk: 'may be undefined',
    forgedExtensions: 'may be undefined',
    rewrittenCodeDirectoryHash: 'may be undefined',
  });
}
