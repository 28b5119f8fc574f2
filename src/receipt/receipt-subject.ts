import type { KeyObject } from 'node:crypto';
import type { Environment } from '../environment.js';
import { AppAttestError, shortHex, shortText } from '../errors.js';

/** What Apple calls the environments in receipts (observed). */
const ENVIRONMENTS: ReadonlyMap<string | undefined, Environment> = new Map([
  ['production', 'production'],
  ['sandbox', 'development'],
]);

/**
 * Apple: Assessing fraud risk, field 2.
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
 * Apple: Assessing fraud risk, field 3.
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
 * The environment of a receipt. One that says nothing, or something that nobody knows, comes from none that a server
 * could have asked for.
 *
 * @throws AppAttestError `environment_mismatch`
 */
export function assertReceiptEnvironment(name: string | undefined, allowed: readonly Environment[]): Environment {
  const environment = ENVIRONMENTS.get(name);
  if (environment !== undefined && allowed.includes(environment)) return environment;
  throw new AppAttestError('environment_mismatch', 'the receipt belongs to another App Attest environment', {
    expected: allowed.join(' or '),
    actual: environment ?? (name === undefined ? 'none' : shortText(name)),
  });
}
