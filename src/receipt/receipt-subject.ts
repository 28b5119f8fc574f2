import type { KeyObject } from 'node:crypto';
import { equalBytes } from '../encoding/bytes.js';
import { AppAttestError, shortHex, shortText } from '../errors.js';
import type { Environment } from '../options/environment.js';
import { RECEIPT_TYPES, type ReceiptPayload, type ReceiptType } from './receipt-payload.js';

/** Apple's names for the environments in receipts, as observed in recordings. */
const ENVIRONMENTS: ReadonlyMap<string | undefined, Environment> = new Map([
  ['production', 'production'],
  ['sandbox', 'development'],
]);

/**
 * Checks that the receipt belongs to an accepted app. Apple: Assessing fraud risk, field 2.
 *
 * @throws AppAttestError `app_id_mismatch`
 */
export function assertReceiptAppId(appId: string, appIds: readonly string[]): void {
  if (appIds.includes(appId)) return;
  throw new AppAttestError('app_id_mismatch', 'the receipt belongs to another app', {
    expected: appIds.join(' or '),
    actual: shortText(appId),
  });
}

/**
 * Checks that the receipt belongs to the expected key. Apple: Assessing fraud risk, field 3.
 *
 * @param point The attested key in the receipt
 * @throws AppAttestError `receipt_key_mismatch`
 */
export function assertReceiptKey(point: Uint8Array, publicKey: KeyObject): void {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const expected = Buffer.concat([Uint8Array.of(0x04), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  if (expected.equals(point)) return;
  throw new AppAttestError('receipt_key_mismatch', 'the receipt belongs to another key', {
    expected: shortHex(expected.subarray(1)),
    actual: shortHex(point.subarray(1)),
  });
}

/**
 * Checks the option `type`.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readReceiptType(type: unknown): ReceiptType | undefined {
  const known = RECEIPT_TYPES.find((candidate) => candidate === type);
  if (known !== undefined || type === undefined) return known;
  throw new AppAttestError('invalid_argument', "type must be 'ATTEST' or 'RECEIPT'");
}

/**
 * Checks that the receipt has the expected type. If the server expects an `'ATTEST'`, a client cannot send a `'RECEIPT'`. If
 * the server expects a `'RECEIPT'`, a client cannot send an `'ATTEST'`. Apple: Assessing fraud risk, field 6.
 *
 * @throws AppAttestError `receipt_challenge_mismatch`
 */
export function assertReceiptType(type: ReceiptType, expected: ReceiptType | undefined): void {
  if (expected === undefined || type === expected) return;
  throw new AppAttestError('receipt_challenge_mismatch', 'the receipt does not have the expected type', {
    expected,
    actual: type,
  });
}

/**
 * Checks that the receipt was issued for the expected challenge. Apple: Assessing fraud risk, field 4.
 *
 * In recordings, the client hash in a `'RECEIPT'` differs from the hash that the app passed, because Apple decoded the hash as
 * UTF-8 text. Such a receipt does not match the expected hash, and is rejected.
 *
 * @throws AppAttestError `receipt_challenge_mismatch`
 */
export function assertReceiptClientHash({ clientHash, type }: ReceiptPayload, expected: Uint8Array): void {
  if (equalBytes(clientHash, expected)) return;
  const message =
    type === 'RECEIPT'
      ? 'a receipt of type RECEIPT does not contain the original client data hash; use the receipt in the attestation'
      : 'the receipt was issued for another challenge';
  throw new AppAttestError('receipt_challenge_mismatch', message, {
    expected: shortHex(expected),
    actual: shortHex(clientHash),
  });
}

/**
 * Returns the environment of a receipt. Rejects a receipt with an unknown environment or without an environment.
 *
 * @throws AppAttestError `environment_mismatch`
 */
export function assertReceiptEnvironment(name: string | undefined, allowed: readonly Environment[]): Environment {
  const environment = ENVIRONMENTS.get(name);
  if (environment !== undefined && allowed.includes(environment)) return environment;
  throw new AppAttestError(
    'environment_mismatch',
    'the receipt belongs to an environment that the option environment does not accept',
    {
      expected: allowed.join(' or '),
      actual: environment ?? (name === undefined ? 'none' : shortText(name)),
    },
  );
}
