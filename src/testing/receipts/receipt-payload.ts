import type { Environment } from '../../options/environment.js';
import { integer, octetString, sequence, set } from '../encoding/der.js';
import { DAY, later } from '../time.js';

/** The fields of a receipt that describe the attested key. */
export interface ReceiptSubject {
  readonly appId: string;
  /** The credential certificate, DER. */
  readonly credCert: Uint8Array;
  readonly clientDataHash: Uint8Array;
  /** Base64 of 64 random bytes. All receipts that follow from one attestation have the same token. */
  readonly token: string;
  readonly environment: Environment;
}

const Field = {
  AppId: 2,
  AttestedPublicKey: 3,
  ClientHash: 4,
  Token: 5,
  ReceiptType: 6,
  Environment: 7,
  CreationTime: 12,
  RiskMetric: 17,
  NotBefore: 19,
  ExpirationTime: 21,
} as const;

const VERSION = 1;
const LIFETIME = 90 * DAY;

/** Encodes the payload of the receipt in an attestation. */
export function attestReceiptPayload(subject: ReceiptSubject, creationTime: Date): Uint8Array {
  return set(
    field(Field.AppId, subject.appId),
    field(Field.AttestedPublicKey, subject.credCert),
    field(Field.ClientHash, subject.clientDataHash),
    field(Field.Token, subject.token),
    field(Field.ReceiptType, 'ATTEST'),
    field(Field.Environment, environmentName(subject.environment)),
    field(Field.CreationTime, creationTime.toISOString()),
    field(Field.ExpirationTime, later(creationTime, LIFETIME).toISOString()),
  );
}

/**
 * Encodes the payload of a receipt that Apple's server issues in exchange for an older receipt. Its fields and their order
 * differ from those of the receipt in an attestation.
 */
export function refreshedReceiptPayload(subject: ReceiptSubject, riskMetric: number, creationTime: Date): Uint8Array {
  return set(
    field(Field.RiskMetric, String(riskMetric)),
    field(Field.ReceiptType, 'RECEIPT'),
    field(Field.AppId, subject.appId),
    field(Field.AttestedPublicKey, subject.credCert),
    // In recordings, this hash was decoded as text: U+FFFD (the bytes EF BF BD) stands in place of each invalid sequence.
    field(Field.ClientHash, new TextDecoder().decode(subject.clientDataHash)),
    field(Field.Token, subject.token),
    field(Field.Environment, environmentName(subject.environment)),
    field(Field.CreationTime, creationTime.toISOString()),
    field(Field.NotBefore, refreshableFrom(creationTime).toISOString()),
    field(Field.ExpirationTime, later(creationTime, LIFETIME).toISOString()),
  );
}

/** Returns the earliest time at which Apple issues the next receipt. */
export function refreshableFrom(creationTime: Date): Date {
  return later(creationTime, DAY);
}

function field(type: number, value: Uint8Array | string): Uint8Array {
  return sequence(integer(type), integer(VERSION), octetString(value));
}

function environmentName(environment: Environment): string {
  return environment === 'production' ? 'production' : 'sandbox';
}
