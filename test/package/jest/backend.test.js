const { generateKeyPairSync } = require('node:crypto');
const { refreshReceipt, verifyAttestation, verifyReceipt } = require('app-attest');
const { createAppAttest } = require('app-attest/server');
const { createVirtualApple } = require('app-attest/testing');

const appId = 'TEAMID1234.com.example.app';

test('a backend registers a key with its receipt, and requests its risk metric', async () => {
  const apple = await createVirtualApple();
  const { trustAnchors, receiptTrustAnchors } = apple;
  const { capacitor } = await apple.createDevice({ appId });
  const backend = createAppAttest({ appId, trustAnchors, receiptTrustAnchors, verifyReceipts: true });

  const { keyId } = await capacitor.prepare();
  const { challenge } = await backend.issueChallenge({ purpose: 'attestation' });
  const body = await capacitor.createAttestation({ keyId, challenge });
  await backend.register(body);

  const key = await verifyAttestation({ attestation: body.token, keyId, challenge, appId, trustAnchors });
  const refreshed = await refreshReceipt({
    receipt: key.receipt,
    environment: 'production',
    credentials: { teamId: 'TEAMID1234', keyId: 'ABC123DEFG', privateKey: privateKey() },
    fetch: apple.receiptEndpoint(),
  });
  const verified = await verifyReceipt({
    receipt: refreshed.receipt,
    appId,
    publicKey: key.publicKey,
    trustAnchors: receiptTrustAnchors,
  });
  expect(verified).toMatchObject({ type: 'RECEIPT', riskMetric: 1 });
});

function privateKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ format: 'pem', type: 'pkcs8' });
}
