import type { AuthenticatorExtensions } from '../../authenticator-data/extensions.js';
import { readKnownOptions } from '../../options/known-options.js';

/**
 * What a virtual device does wrong, on request, as attackers, old apps and developers' devices do. Each entry is what it
 * is called; a backend must answer the first five with the code that stands behind it.
 */
export interface Misbehaviour {
  /** The credential certificate ended before the attestation reaches the server: `certificate_expired`. */
  expiredCertificate?: boolean | undefined;
  /** The attestation was made for another challenge: `nonce_mismatch`. */
  wrongNonce?: boolean | undefined;
  /** A build that runs from Xcode: `environment_mismatch` on a server that accepts production only. */
  developmentBuild?: boolean | undefined;
  /** The counter no longer moves, as in a replayed or cloned key: `counter_not_increased`. */
  standingCounter?: boolean | undefined;
  /**
   * The app was linked with an SDK before iOS 27 and signs no extensions: `extension_missing` where a policy asks, or
   * where the key carried them before and the policy does not set `whenDropped: 'accept'`.
   */
  olderSdk?: boolean | undefined;
  /**
   * The app was tampered with and claims these extensions, which the device did not make: it lets the device sign them in
   * front of the client data hash and then moves them behind authenticator data. The flags still say that there are none
   * (no ED), so a backend must see evidence without extensions: `extension_missing` where a policy asks. A system that
   * signs extensions of its own cannot be abused so: `malformed_attestation`, `malformed_assertion`.
   */
  forgedExtensions?: AuthenticatorExtensions | undefined;
  /**
   * The app writes this code directory hash into the unsigned entry `cdHash`, where its system sends one. No verifier
   * can notice; none may report the entry as verified.
   */
  rewrittenCodeDirectoryHash?: Uint8Array | undefined;
}

/**
 * A misspelt misbehaviour would leave the device honest, and a test of the backend without a point.
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
