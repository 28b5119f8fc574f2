import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { type Environment, inspectAttestation } from '../../src/index.js';

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** A key pair of the developer account. */
export const DEVICE_CHECK_KEY = { keyId: 'ABC123DEFG', ...keys };

export function endpointUrl(environment: Environment): string {
  const host = environment === 'production' ? 'data' : 'data-development';
  return `https://${host}.appattest.apple.com/v1/attestationData`;
}

/** Changes to a valid token. */
export interface TokenChanges {
  teamId?: string;
  keyId?: string | undefined;
  issuedAt?: Date;
  privateKey?: KeyObject;
}

/** A token as Apple's endpoint requires it, with the given changes. */
export function deviceCheckToken(changes: TokenChanges = {}): Promise<string> {
  const keyId = 'keyId' in changes ? changes.keyId : DEVICE_CHECK_KEY.keyId;
  return new SignJWT()
    .setProtectedHeader({ alg: 'ES256', ...(keyId !== undefined && { kid: keyId }) })
    .setIssuer(changes.teamId ?? 'TEAMID1234')
    .setIssuedAt(changes.issuedAt ?? new Date())
    .sign(changes.privateKey ?? DEVICE_CHECK_KEY.privateKey);
}

/** The receipt inside an attestation object. */
export function attestedReceipt(attestation: Uint8Array): Uint8Array {
  const { receipt } = inspectAttestation(attestation);
  if (!receipt) throw new Error('the attestation contains no receipt');
  return receipt;
}
