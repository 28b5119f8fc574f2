import type { AttestedDevice } from '../attestation/attested-device.js';
import type { AuthenticatorExtensions } from '../authenticator-data/authenticator-extensions.js';
import { encodeBase64 } from '../encoding/base64.js';
import type { NewKey, StoredKey } from '../server/stored-key.js';
import type { StoredRecord } from './stored-record.js';

/** A new key as stored in a database, without its counter. */
export interface KeyRecord {
  readonly keyId: string;
  readonly publicKey: string;
  readonly appId: string;
  readonly appClipId: string | null;
  readonly environment: string;
  readonly subject: string | null;
  /** Base64. */
  readonly receipt: string | null;
  /** JSON. */
  readonly device: string;
  /** The extensions, as the JSON that {@link extensionsJson} returns. */
  readonly extensions: string | null;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Milliseconds since 1970. */
  readonly lastUsedAt: number | null;
  /** Milliseconds since 1970. */
  readonly revokedAt: number | null;
  readonly riskMetric: number | null;
  /** Milliseconds since 1970. */
  readonly receiptDueAt: number | null;
}

export function keyRecord(key: NewKey): KeyRecord {
  return {
    keyId: key.keyId,
    publicKey: key.publicKey,
    appId: key.appId,
    appClipId: key.appClipId ?? null,
    environment: key.environment,
    subject: key.subject ?? null,
    receipt: key.receipt ? encodeBase64(key.receipt) : null,
    device: JSON.stringify(key.device),
    extensions: key.extensions ? extensionsJson(key.extensions) : null,
    createdAt: key.createdAt.getTime(),
    lastUsedAt: key.lastUsedAt?.getTime() ?? null,
    revokedAt: key.revokedAt?.getTime() ?? null,
    riskMetric: key.riskMetric ?? null,
    receiptDueAt: key.receiptDueAt?.getTime() ?? null,
  };
}

/**
 * The values of a new key in SQL, without its receipt: key identifier, public key, counter, App ID, App Clip, environment, user,
 * device, extensions, times of registration, last use and revocation, risk metric, time of the next refresh.
 */
export function keyValues(key: NewKey): (string | number | null)[] {
  const record = keyRecord(key);
  return [
    record.keyId,
    record.publicKey,
    key.counter,
    record.appId,
    record.appClipId,
    record.environment,
    record.subject,
    record.device,
    record.extensions,
    record.createdAt,
    record.lastUsedAt,
    record.revokedAt,
    record.riskMetric,
    record.receiptDueAt,
  ];
}

/** Encodes extensions as JSON, with the code directory hash in hex. */
export function extensionsJson({ codeDirectoryHash, ...others }: AuthenticatorExtensions): string {
  const hash = codeDirectoryHash && Buffer.from(codeDirectoryHash).toString('hex');
  return JSON.stringify({ ...others, codeDirectoryHash: hash });
}

/**
 * Reads a key from a record that has the fields of {@link KeyRecord} and the field `counter`.
 *
 * @throws Error if {@link keyRecord} cannot have written the record
 */
export function readStoredKey(record: StoredRecord): StoredKey {
  const appClipId = record.optionalText('appClipId');
  const subject = record.optionalText('subject');
  const extensions = record.optionalJson('extensions');
  const lastUsedAt = record.optionalDate('lastUsedAt');
  const revokedAt = record.optionalDate('revokedAt');
  const riskMetric = record.optionalInteger('riskMetric');
  const receiptDueAt = record.optionalDate('receiptDueAt');
  return {
    keyId: record.text('keyId'),
    publicKey: record.text('publicKey'),
    counter: record.integer('counter'),
    appId: record.text('appId'),
    ...(appClipId !== undefined && { appClipId }),
    environment: record.word('environment', ['production', 'development']),
    ...(subject !== undefined && { subject }),
    device: readDevice(record.json('device')),
    ...(extensions && { extensions: storedExtensions(extensions) }),
    createdAt: record.date('createdAt'),
    ...(lastUsedAt && { lastUsedAt }),
    ...(revokedAt && { revokedAt }),
    ...(riskMetric !== undefined && { riskMetric }),
    ...(receiptDueAt && { receiptDueAt }),
  };
}

function readDevice(record: StoredRecord): AttestedDevice {
  const platform = record.optionalText('platform');
  const osVersion = record.optionalText('osVersion');
  const osBuild = record.optionalText('osBuild');
  const deviceClass = record.optionalInteger('deviceClass');
  return {
    ...(platform !== undefined && { platform }),
    ...(osVersion !== undefined && { osVersion }),
    ...(osBuild !== undefined && { osBuild }),
    ...(deviceClass !== undefined && { deviceClass }),
  };
}

function storedExtensions(record: StoredRecord): AuthenticatorExtensions {
  const validationCategory = record.optionalInteger('validationCategory');
  const bundleVersion = record.optionalText('bundleVersion');
  const codeDirectoryHash = record.optionalText('codeDirectoryHash');
  return {
    ...(validationCategory !== undefined && { validationCategory }),
    ...(bundleVersion !== undefined && { bundleVersion }),
    ...(codeDirectoryHash !== undefined && {
      codeDirectoryHash: new Uint8Array(Buffer.from(codeDirectoryHash, 'hex')),
    }),
  };
}
