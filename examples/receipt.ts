import { readFileSync } from 'node:fs';
import {
  type DeviceCheckCredentials,
  refreshReceipt,
  type VerifiedAttestation,
  type VerifiedReceipt,
  verifyAttestation,
  verifyReceipt,
} from 'app-attest';

const appId = 'TEAMID1234.com.example.app';

/** A DeviceCheck key of your developer account. The name of its file is AuthKey_<key ID>.p8. */
export function readCredentials(path = 'AuthKey_ABC123DEFG.p8'): DeviceCheckCredentials {
  return { teamId: 'TEAMID1234', keyId: 'ABC123DEFG', privateKey: readFileSync(path, 'utf8') };
}

/** Verifies an attestation and its receipt. The receipt must have this challenge and be at most five minutes old. */
export async function attest(attestation: string, keyId: string, challenge: string): Promise<VerifiedAttestation> {
  const key = await verifyAttestation({ attestation, keyId, challenge, appId });
  const { receipt, publicKey, environment } = key;
  await verifyReceipt({ receipt, appId, publicKey, challenge, type: 'ATTEST', environment, maxAge: 300 });
  return key;
}

/** Requests a new receipt, some days later. Its risk metric is the number of keys that the device attested in about 30 days. */
export async function refresh(
  { receipt, publicKey, environment }: VerifiedAttestation,
  credentials: DeviceCheckCredentials,
): Promise<{ receipt: Uint8Array; verified: VerifiedReceipt } | undefined> {
  const refreshed = await refreshReceipt({ receipt, environment, credentials });
  if (!refreshed.receipt) return undefined; // Apple has no newer receipt yet
  const verified = await verifyReceipt({ receipt: refreshed.receipt, appId, publicKey, type: 'RECEIPT', environment });
  return { receipt: refreshed.receipt, verified };
}
