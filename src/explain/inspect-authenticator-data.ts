import type { AuthenticatorData } from '../authenticator-data/authenticator-data.js';
import {
  type AuthenticatorExtensions,
  readAuthenticatorExtensions,
} from '../authenticator-data/authenticator-extensions.js';
import type { Inspection } from './inspection.js';

/** Decoded authenticator data. Nothing in it is verified. */
export interface InspectedAuthenticatorData {
  /**
   * The bytes as received. The signature of an assertion covers these bytes, and so does the nonce of an attestation.
   */
  bytes: Uint8Array;
  /** The RP ID hash: SHA-256 of the App ID, 32 bytes. */
  rpIdHash: Uint8Array;
  /** Flags: 0x40 is AT (attested credential data), 0x80 is ED (extension data). */
  flags: number;
  /** The number of assertions that the key has signed. */
  counter: number;
  /**
   * The extensions of iOS 27 and later. They are present only if the flags include ED. In valid evidence, ED shows that the
   * device added these extensions.
   */
  extensions?: AuthenticatorExtensions;
  /**
   * An extension map in authenticator data whose flags do not include ED. The signature does not show where authenticator
   * data ends. So a tampered app can put such a map there, and the signature stays valid (docs/authenticated-bytes.md).
   * `verifyAttestation` and `verifyAssertion` neither return this map nor check it against a policy.
   */
  unauthenticatedExtensions?: AuthenticatorExtensions;
}

/** @param name The name of the field, for `problems` */
export function inspectAuthenticatorData(
  data: AuthenticatorData,
  name: string,
  inspection: Inspection,
): InspectedAuthenticatorData {
  const { flags, counter, extensions } = data;
  const map = data.unauthenticatedExtensions;
  const unauthenticatedExtensions =
    map && inspection.attempt(`${name} extensions`, () => readAuthenticatorExtensions(map));
  return {
    bytes: new Uint8Array(data.bytes),
    rpIdHash: new Uint8Array(data.rpIdHash),
    flags,
    counter,
    ...(extensions && { extensions }),
    ...(unauthenticatedExtensions && { unauthenticatedExtensions }),
  };
}
