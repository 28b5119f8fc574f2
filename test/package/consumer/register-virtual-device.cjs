const { generateKeyPairSync, sign } = require('node:crypto');

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

exports.registerVirtualDevice = async ({ verifyAttestation, verifyAssertion }, { createVirtualApple }) => {
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

  const refreshed = await apple.receiptEndpoint()('https://data.appattest.apple.com/v1/attestationData', {
    method: 'POST',
    headers: { authorization: token() },
    body: Buffer.from(key.receipt).toString('base64'),
  });
  console.log(JSON.stringify({ appId: key.appId, counter, refreshed: refreshed.status }));
};

/** A token for Apple's endpoint, as short as it can be. */
function token() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const iat = Math.floor(Date.now() / 1000);
  const signed = `${base64url({ alg: 'ES256', kid: 'KEY' })}.${base64url({ iss: 'TEAMID1234', iat })}`;
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}
