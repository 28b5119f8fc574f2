import type { AttestedDevice } from '../attestation/attested-device.js';
import type { AuthenticatorExtensions } from '../authenticator-data/authenticator-extensions.js';
import type { Environment } from '../options/environment.js';

/** A registered key, as a {@link KeyStore} keeps it. */
export interface StoredKey {
  /** The key identifier, base64 with padding. Compare it exactly: two keys may differ in case only. */
  keyId: string;
  /** SubjectPublicKeyInfo, PEM. */
  publicKey: string;
  /** The highest counter that was accepted, 0 to 2^32 - 1. */
  counter: number;
  /** The app that made the key. */
  appId: string;
  /** The App Clip that made the key, where the certificate names one: its own App ID. `appId` is that of the full app. */
  appClipId?: string;
  /** Where it was attested. */
  environment: Environment;
  /** Whom the server registered the key for, in the server's own terms. */
  subject?: string;
  /** Apple's receipt, CMS in BER. */
  receipt: Uint8Array;
  /** What Apple certified about the device; empty for old systems. */
  device: AttestedDevice;
  /** What iOS 27 and later signed when the key first carried it. */
  extensions?: AuthenticatorExtensions;
  /** When the key was registered. */
  createdAt: Date;
  /** When the key was revoked. Its record stays, so that it cannot be registered again. */
  revokedAt?: Date;
}
