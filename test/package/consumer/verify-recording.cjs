exports.verifyRecording = async (verifyAttestation, json) => {
  const { attestation, keyId, appId } = JSON.parse(json);
  const options = {
    attestation: attestation.object,
    keyId,
    appId,
    clientDataHash: Buffer.from(attestation.clientDataHash, 'base64'),
    date: new Date(attestation.validAt),
  };
  const verified = await verifyAttestation(options);
  const wrong = await verifyAttestation({ ...options, appId: 'TEAMID1234.wrong' }).catch((error) => error.code);
  console.log(JSON.stringify({ environment: verified.environment, extensions: verified.extensions, wrong }));
};
