exports.verifyRecording = async ({ verifyAttestation, verifyReceipt }, json) => {
  const { attestation, keyId, appId } = JSON.parse(json);
  const date = new Date(attestation.validAt);
  const options = {
    attestation: attestation.object,
    keyId,
    appId,
    clientDataHash: Buffer.from(attestation.clientDataHash, 'base64'),
    date,
  };
  const { environment, extensions, receipt, publicKey } = await verifyAttestation(options);
  const wrong = await verifyAttestation({ ...options, appId: 'TEAMID1234.wrong' }).catch((error) => error.code);
  const { type } = await verifyReceipt({ receipt, appId, publicKey, maxAge: 300, date });
  const old = await verifyReceipt({ receipt, appId, publicKey }).catch((error) => error.code);
  console.log(JSON.stringify({ environment, extensions, wrong, type, old }));
};
