import type { AttestedDevice } from '../attestation/attested-device.js';
import type { AuthenticatorExtensions } from '../authenticator-data/authenticator-extensions.js';
import type { Environment } from '../options/environment.js';

/** A registered key in a `KeyStore`. It does not contain the receipt, because no request needs the receipt. */
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
  /** The user that the key belongs to. Absent if the key was registered without a user and not bound to a user since. */
  subject?: string;
  /** Device data from Apple's certificate. For old operating systems, it has fewer values or none. */
  device: AttestedDevice;
  /** The extensions that iOS 27 and later sign, from the first evidence of this key that had extensions. */
  extensions?: AuthenticatorExtensions;
  /** The time of the registration. */
  createdAt: Date;
  /**
   * The time of the last accepted request. It is updated at most once an hour, so the last request may be up to one hour later
   * than this time. Absent if no request of the key was accepted yet.
   */
  lastUsedAt?: Date;
  /** The time of the revocation. A revoked key stays in the store, so that it cannot be registered again. */
  revokedAt?: Date;
  /**
   * The number of keys that the device attested in about 30 days, according to the latest receipt. Absent before the first
   * refresh.
   */
  riskMetric?: number;
  /**
   * The time of the next receipt refresh. Absent if there will be no further refresh, for example because Apple rejected the
   * receipt.
   */
  receiptDueAt?: Date;
}

/** A new key for a `KeyStore`, with its receipt. */
export interface NewKey extends StoredKey {
  /**
   * Apple's receipt: a signed structure (CMS SignedData) of at most 64 KiB. `verifyReceipt` and `refreshReceipt` accept these
   * bytes. Absent for a key that was migrated from a library without receipts.
   */
  receipt?: Uint8Array;
}

/** Copies a key and all objects in it. `structuredClone` takes more than ten times as long. */
export function copyOfKey(key: StoredKey): StoredKey {
  const { device, extensions, createdAt, lastUsedAt, revokedAt, receiptDueAt } = key;
  return {
    ...key,
    device: { ...device },
    createdAt: new Date(createdAt),
    ...(extensions && { extensions: structuredClone(extensions) }),
    ...(lastUsedAt && { lastUsedAt: new Date(lastUsedAt) }),
    ...(revokedAt && { revokedAt: new Date(revokedAt) }),
    ...(receiptDueAt && { receiptDueAt: new Date(receiptDueAt) }),
  };
}
