import type { AttestedDevice } from '../attestation/attested-device.js';
import type { AuthenticatorExtensions } from '../authenticator-data/authenticator-extensions.js';
import type { Environment } from '../options/environment.js';

/** A registered key, as kept by a {@link KeyStore}. Its receipt is read separately, because no request needs it. */
export interface StoredKey {
  /** The key identifier, base64 with padding. Compare it case-sensitively: two keys may differ in case only. */
  keyId: string;
  /** SubjectPublicKeyInfo, PEM. */
  publicKey: string;
  /** The highest counter that was accepted, 0 to 2^32 - 1. */
  counter: number;
  /** The app that generated the key. */
  appId: string;
  /** App ID of the App Clip that generated the key, if the certificate names one. `appId` is that of the full app. */
  appClipId?: string;
  /** The App Attest environment of the key. */
  environment: Environment;
  /** The user that the key is registered for, as the server names it. */
  subject?: string;
  /** The properties of the device that Apple certified. Empty for old systems. */
  device: AttestedDevice;
  /** The extensions of iOS 27 and later, as the key first carried them. */
  extensions?: AuthenticatorExtensions;
  /** When the key was registered. */
  createdAt: Date;
  /** When the key last signed an accepted request, to the hour. Absent if it has signed none. */
  lastUsedAt?: Date;
  /** When the key was revoked. Its record stays, so that it cannot be registered again. */
  revokedAt?: Date;
  /** About how many keys the device attested in 30 days, from the latest receipt. Absent before the first refresh. */
  riskMetric?: number;
  /** When to ask Apple for the next receipt. Absent if there is no receipt, or if Apple does not exchange it any more. */
  receiptDueAt?: Date;
}

/** A key to be stored, with its receipt. */
export interface NewKey extends StoredKey {
  /** The receipt of the attestation, CMS in BER, at most 64 KiB. Absent for a key from a library that kept none. */
  receipt?: Uint8Array;
}
