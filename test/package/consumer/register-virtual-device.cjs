const { generateKeyPairSync } = require('node:crypto');

exports.registerVirtualDevice = async (appAttest, { createVirtualApple }) => {
  const { refreshReceipt, verifyAttestation, verifyAssertion, verifyReceipt } = appAttest;
  const appId = 'TEAMID1234.com.example.app';
  const apple = await createVirtualApple();
  const { capacitor } = await apple.createDevice({ appId });
  const { keyId } = await capacitor.prepare();

  const { token: attestation } = await capacitor.createAttestation({ keyId, challenge: 'challenge' });
  const { trustAnchors } = apple;
  const key = await verifyAttestation({ attestation, keyId, challenge: 'challenge', appId, trustAnchors });

  const { token: assertion } = await capacitor.createAssertion({ keyId, payload: 'payload' });
  const { counter } = await verifyAssertion({
    assertion,
    publicKey: key.publicKey,
    payload: 'payload',
    appId,
    counter: 0,
  });

  const { receipt } = await refreshReceipt({
    receipt: key.receipt,
    environment: key.environment,
    credentials: { teamId: 'TEAMID1234', keyId: 'ABC123DEFG', privateKey: privateKey() },
    fetch: apple.receiptEndpoint(),
  });
  const { riskMetric } = await verifyReceipt({
    receipt,
    appId,
    publicKey: key.publicKey,
    trustAnchors: apple.receiptTrustAnchors,
  });
  console.log(JSON.stringify({ appId: key.appId, counter, riskMetric }));
};

function privateKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ format: 'pem', type: 'pkcs8' });
}
