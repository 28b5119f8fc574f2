import type { AuthenticatorData } from '../authenticator-data/authenticator-data.js';
import {
  type AuthenticatorExtensions,
  readAuthenticatorExtensions,
} from '../authenticator-data/authenticator-extensions.js';
import type { Inspection } from './inspection.js';

/** Authenticator data, decoded and not verified. */
export interface InspectedAuthenticatorData {
  /** The bytes as received, which are what is signed. */
  bytes: Uint8Array;
  /** SHA-256(App ID), 32 bytes. */
  rpIdHash: Uint8Array;
  /** 0x40 AT, 0x80 ED. */
  flags: number;
  /** How many assertions the key has made. */
  counter: number;
  /** iOS 27 and later, where the flags carry ED: signed by the device in evidence that verifies. */
  extensions?: AuthenticatorExtensions;
  /**
   * A map that the flags do not announce (no ED). A tampered app can put it there, also in evidence that verifies:
   * `verifyAttestation` and `verifyAssertion` neither report it nor judge it by a policy.
   */
  unauthenticatedExtensions?: AuthenticatorExtensions;
}

/** @param name Where the data stands, for the problems found in it */
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
