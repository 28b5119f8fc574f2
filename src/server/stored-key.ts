import type { AttestedDevice } from '../attestation/attested-device.js';
import type { AuthenticatorExtensions } from '../authenticator-data/authenticator-extensions.js';
import type { Environment } from '../options/environment.js';

/** A registered key in a {@link KeyStore}. */
export interface StoredKey {
  /** The key identifier, base64 with padding. Compare it case-sensitively, because base64 is case-sensitive. */
  keyId: string;
  /** The public key as PEM text (SubjectPublicKeyInfo). */
  publicKey: string;
  /** The highest accepted counter, 0 to 2^32 - 1. */
  counter: number;
  /** The App ID of the app that generated the key. For an App Clip, this is the App ID of the full app. */
  appId: string;
  /** The App ID of the App Clip that generated the key. Absent if the certificate names no App Clip. */
  appClipId?: string;
  /** The App Attest environment of the key. */
  environment: Environment;
  /** The user for whom the key was registered. Absent if the key was registered without a user. */
  subject?: string;
  /** Apple's receipt: a signed ASN.1 structure (CMS). `verifyReceipt` and `refreshReceipt` accept these bytes. */
  receipt: Uint8Array;
  /** Device data from Apple's certificate. Empty for old operating systems. */
  device: AttestedDevice;
  /** The extensions that iOS 27 and later sign, from the first evidence of this key that had extensions. */
  extensions?: AuthenticatorExtensions;
  /** The time of the registration. */
  createdAt: Date;
  /** The time of the revocation. A revoked key stays in the store, so that it cannot be registered again. */
  revokedAt?: Date;
}
