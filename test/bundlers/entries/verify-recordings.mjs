import { readFileSync } from 'node:fs';

const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const bytes = (base64) => new Uint8Array(Buffer.from(base64, 'base64'));

/** Verifies the two recordings that the command line names. Also verifies the second recording with a wrong payload. */
export async function verifyRecordings({ AppAttestError, verifyAttestation, verifyAssertion }) {
  const [, , attestationPath, assertionPath] = process.argv;
  const { attestation, keyId, appId } = read(attestationPath);
  const { environment } = await verifyAttestation({
    attestation: attestation.object,
    keyId,
    appId,
    clientDataHash: bytes(attestation.clientDataHash),
    date: new Date(attestation.validAt),
  });

  const { assertions, publicKey, appId: signer } = read(assertionPath);
  const [{ object, clientData }] = assertions;
  const assertion = { assertion: object, publicKey, payload: bytes(clientData), appId: signer, counter: 0 };
  const { counter } = await verifyAssertion(assertion);
  const error = await verifyAssertion({ ...assertion, payload: 'another' }).catch((reason) => reason);

  console.log(JSON.stringify({ environment, counter, rejected: error instanceof AppAttestError && error.code }));
}
