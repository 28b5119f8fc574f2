import type { AuthenticatorData } from '../authenticator-data/authenticator-data.js';
import {
  type AuthenticatorExtensions,
  readAuthenticatorExtensions,
} from '../authenticator-data/authenticator-extensions.js';
import type { Inspection } from './inspection.js';

/** Decoded authenticator data. Nothing in it is verified. */
export interface InspectedAuthenticatorData {
  /** The bytes as received, which the signature covers. */
  bytes: Uint8Array;
  /** SHA-256(App ID), 32 bytes. */
  rpIdHash: Uint8Array;
  /** 0x40 AT, 0x80 ED. */
  flags: number;
  /** The number of assertions that the key has signed. */
  counter: number;
  /** The extensions of iOS 27 and later, if the flags include ED. In valid evidence, they are signed by the device. */
  extensions?: AuthenticatorExtensions;
  /**
   * A map that the flags do not announce (no ED). A tampered app can add it even to valid evidence: `verifyAttestation` and
   * `verifyAssertion` neither return it nor check it against a policy.
   */
  unauthenticatedExtensions?: AuthenticatorExtensions;
}

/** @param name The name of the entry, for `problems` */
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
