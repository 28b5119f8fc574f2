import { generateKeyPairSync } from 'node:crypto';
import { refreshReceipt, verifyAttestation, verifyReceipt } from 'app-attest';
import { createVirtualApple } from 'app-attest/testing';
import { expect, test } from 'vitest';

const appId = 'TEAMID1234.com.example.app';
const apple = await createVirtualApple();

// The virtual Apple accepts any P-256 key for the app's team. In production, use the .p8 file of your developer account.
const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const privateKey = key.export({ type: 'pkcs8', format: 'pem' }).toString();
const credentials = { teamId: 'TEAMID1234', keyId: 'ABC123DEFG', privateKey };

test('a refreshed receipt contains the risk metric of the device', async () => {
  const device = await apple.createDevice({ appId });
  device.riskMetric = 12;
  const { keyId } = await device.capacitor.prepare();
  const challenge = 'a one-time challenge';
  const { token: attestation } = await device.capacitor.createAttestation({ keyId, challenge });
  const { trustAnchors, receiptTrustAnchors } = apple;
  const attested = await verifyAttestation({ attestation, keyId, challenge, appId, trustAnchors });

  const endpoint = apple.receiptEndpoint(); // a function with the same arguments and result as fetch
  const { environment, publicKey } = attested;
  const { receipt } = await refreshReceipt({ receipt: attested.receipt, environment, credentials, fetch: endpoint });
  if (!receipt) throw new Error('Apple has no newer receipt yet');
  const verified = await verifyReceipt({ receipt, appId, publicKey, trustAnchors: receiptTrustAnchors });
  expect(verified.riskMetric).toBe(12);
});
