import type { AuthenticatorData } from './authenticator-data.js';
import type { AuthenticatorExtensions } from './extensions.js';

/** Authenticator data, taken apart and not verified. */
export interface InspectedAuthenticatorData {
  /** The bytes as received, which are what is signed. */
  bytes: Uint8Array;
  /** SHA-256(App ID), 32 bytes. */
  rpIdHash: Uint8Array;
  /** 0x40 AT, 0x80 ED. */
  flags: number;
  /** How many assertions the key has made. */
  counter: number;
  /** iOS 27 and later. */
  extensions?: AuthenticatorExtensions;
}

export function inspectAuthenticatorData(data: AuthenticatorData): InspectedAuthenticatorData {
  const { flags, counter, extensions } = data;
  return {
    bytes: new Uint8Array(data.bytes),
    rpIdHash: new Uint8Array(data.rpIdHash),
    flags,
    counter,
    ...(extensions && { extensions }),
  };
}
