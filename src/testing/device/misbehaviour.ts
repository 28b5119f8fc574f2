import type { AuthenticatorExtensions } from '../../authenticator-data/authenticator-extensions.js';
import { readKnownOptions } from '../../options/known-options.js';

/**
 * Misbehaviour of a virtual device, like that of attackers, old apps and developers' devices. If an entry names a code,
 * a backend must reject the evidence with this code.
 */
export interface Misbehaviour {
  /** The credential certificate expires before the attestation reaches the server: `certificate_expired`. */
  expiredCertificate?: boolean | undefined;
  /** The attestation was made for another challenge: `nonce_mismatch`. */
  wrongNonce?: boolean | undefined;
  /** The app is a build from Xcode: `environment_mismatch` on a server that accepts production only. */
  developmentBuild?: boolean | undefined;
  /** The counter no longer increases, as with a replayed or cloned key: `counter_not_increased`. */
  standingCounter?: boolean | undefined;
  /**
   * The app was linked with an SDK before iOS 27, so its evidence has no extensions: `extension_missing` if a policy
   * requires them, or if the key carried them before and the policy does not set `whenDropped: 'accept'`.
   */
  olderSdk?: boolean | undefined;
  /**
   * A tampered app claims these extensions, which the device did not create. It makes the device sign them before the
   * client data hash, and then moves them behind authenticator data. The flags still say that there are no extensions
   * (no ED), so a backend must treat the evidence as without extensions: `extension_missing` if a policy requires them.
   * The trick fails on systems that sign their own extensions: `malformed_attestation`, `malformed_assertion`.
   */
  forgedExtensions?: AuthenticatorExtensions | undefined;
  /**
   * The app replaces the unsigned entry `cdHash` with this code directory hash, if its system sends one. No verifier
   * can detect this, so none may report the entry as verified.
   */
  rewrittenCodeDirectoryHash?: Uint8Array | undefined;
}

/**
 * Rejects unknown names: with a misspelt name, the device would stay honest and the test would prove nothing.
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
