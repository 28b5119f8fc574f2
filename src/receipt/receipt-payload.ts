import { decodeCertificate } from '../certificates/certificate.js';
import { readBer } from '../encoding/ber.js';
import { DecodingError } from '../encoding/decoding-error.js';
import { contentsOf, readInteger, Tag } from '../encoding/der-values.js';
import { decodeUtf8 } from '../encoding/utf8.js';
import { shortText } from '../errors.js';
import { pointOfSpki } from '../keys/public-key.js';

/** `'ATTEST'`: from an attestation. `'RECEIPT'`: from Apple's server, in exchange for an older receipt. */
export type ReceiptType = 'ATTEST' | 'RECEIPT';

/** The decoded fields of a receipt. They are well-formed but not verified. */
export interface ReceiptPayload {
  readonly appId: string;
  /** The attested key, as an uncompressed P-256 point. */
  readonly publicKeyPoint: Uint8Array;
  readonly clientHash: Uint8Array;
  readonly token: string;
  readonly type: ReceiptType;
  /** `"production"` or `"sandbox"` in all recorded receipts. Apple does not document this field, so it may be absent. */
  readonly environment: string | undefined;
  readonly creationTime: Date;
  readonly riskMetric: number | undefined;
  readonly notBefore: Date | undefined;
  readonly expirationTime: Date;
}

/** Apple: Assessing fraud risk, "Receipt field types". Apple does not document field 7, which is observed in recordings. */
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

export const RECEIPT_TYPES: readonly ReceiptType[] = ['ATTEST', 'RECEIPT'];

/** A time in UTC, with or without a fraction of a second. A Date keeps only the milliseconds of the fraction. */
const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z$/;
/** At most nine digits. No device attests so many keys, and a JavaScript number represents nine digits exactly. */
const RISK_METRIC = /^\d{1,9}$/;

/**
 * Decodes `SET OF SEQUENCE { type INTEGER, version INTEGER, value OCTET STRING }`. Ignores fields of unknown types. Rejects a
 * receipt in which a type occurs twice.
 *
 * @throws DecodingError
 */
export function decodeReceiptPayload(content: Uint8Array): ReceiptPayload {
  const fields = readFields(content);
  const required = (type: number): Uint8Array => {
    const value = fields.get(type);
    if (!value) throw new DecodingError(`the receipt field ${type} is missing`);
    return value;
  };
  const optional = <Value>(type: number, read: (value: Uint8Array) => Value): Value | undefined => {
    const value = fields.get(type);
    return value && read(value);
  };
  return {
    appId: readText(required(Field.AppId)),
    publicKeyPoint: readPublicKeyPoint(required(Field.AttestedPublicKey)),
    clientHash: required(Field.ClientHash),
    token: readText(required(Field.Token)),
    type: readReceiptType(required(Field.ReceiptType)),
    environment: optional(Field.Environment, readText),
    creationTime: readTime(required(Field.CreationTime)),
    riskMetric: optional(Field.RiskMetric, readRiskMetric),
    notBefore: optional(Field.NotBefore, readTime),
    expirationTime: readTime(required(Field.ExpirationTime)),
  };
}

function readFields(content: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const { der, element } = readBer(content);
  if (element.tag !== Tag.Set) throw new DecodingError('the receipt payload is not a SET');
  const fields = new Map<number, Uint8Array>();
  for (const { tag, children } of element.children) {
    const { 0: type, 1: version, 2: value, length } = tag === Tag.Sequence ? children : [];
    const isField = type?.tag === Tag.Integer && version?.tag === Tag.Integer && value?.tag === Tag.OctetString;
    if (!isField || length > 3) throw new DecodingError('a receipt field is not a SEQUENCE of type, version and value');
    // A very large type may be rounded here. That does no harm, because all known types are small.
    const number = readInteger(der, type);
    if (fields.has(number)) throw new DecodingError(`the receipt field ${number} occurs twice`);
    // A copy, so that a field does not keep the whole receipt in memory.
    fields.set(number, new Uint8Array(contentsOf(der, value)));
  }
  return fields;
}

function readText(value: Uint8Array): string {
  const text = decodeUtf8(value);
  if (text === undefined) throw new DecodingError('a receipt field is not UTF-8');
  return text;
}

/** Apple calls field 3 the attested public key, but the field contains the whole credential certificate. */
function readPublicKeyPoint(value: Uint8Array): Uint8Array {
  const point = pointOfSpki(decodeCertificate(value).subjectPublicKeyInfo);
  if (!point) throw new DecodingError('the attested key is not on the curve P-256');
  return point;
}

function readReceiptType(value: Uint8Array): ReceiptType {
  const text = readText(value);
  const type = RECEIPT_TYPES.find((known) => known === text);
  if (!type) throw new DecodingError(`${shortText(text)} is not a known receipt type (ATTEST or RECEIPT)`);
  return type;
}

function readRiskMetric(value: Uint8Array): number {
  const text = readText(value);
  if (!RISK_METRIC.test(text))
    throw new DecodingError('the risk metric is not a decimal number of at most nine digits');
  return Number(text);
}

/** Decodes an ISO 8601 time in UTC. */
function readTime(value: Uint8Array): Date {
  const [, seconds, fraction = ''] = TIME.exec(readText(value)) ?? [];
  const date = new Date(seconds === undefined ? Number.NaN : `${seconds}.${fraction.slice(0, 3).padEnd(3, '0')}Z`);
  // For a day or an hour that does not exist, such as February 30, JavaScript returns an invalid Date or a later time.
  if (seconds === undefined || Number.isNaN(date.getTime()) || !date.toISOString().startsWith(seconds)) {
    throw new DecodingError('a time in the receipt is not ISO 8601 in UTC');
  }
  return date;
}
