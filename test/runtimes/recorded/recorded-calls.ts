import { inspectReceipt, verifyAttestation } from 'app-attest';
import {
  attestationOptions,
  attestationRecordings,
  fromBase64,
  hasVerifiableReceipt,
  recordedReceipts,
  recordings,
} from '../../support/recordings.js';

/** A call for each recorded attestation. The verifier accepts each of them. Used on runtimes on which vitest does not run. */
export const attestations = attestationRecordings.map((recording) => {
  return { name: recording.name, call: { verifyAttestation: attestationOptions(recording) } };
});

export const assertions = await Promise.all(
  recordings.flatMap(({ name, assertions, appId, publicKey: stored }) => {
    return assertions.map(async ({ object, clientData, counter }) => {
      const attestation = attestations.find((candidate) => candidate.name === name)?.call.verifyAttestation;
      const publicKey = stored ?? (attestation && (await verifyAttestation(attestation)).publicKey) ?? '';
      const payload = fromBase64(clientData);
      const options = { assertion: fromBase64(object), publicKey, payload, appId, counter: counter - 1 };
      return { name, call: { verifyAssertion: options } };
    });
  }),
);

/** The receipts that were recorded separately, and those inside attestations. */
export const receipts = [
  ...recordedReceipts.map(({ title, receipt, appId, environment }) => {
    const date = new Date(receipt.creationTime);
    return { name: title, call: { verifyReceipt: { receipt: fromBase64(receipt.object), appId, environment, date } } };
  }),
  ...(await Promise.all(
    attestationRecordings.filter(hasVerifiableReceipt).map(async (recording) => {
      const { name } = recording;
      const { receipt, appId, environment, publicKey } = await verifyAttestation(attestationOptions(recording));
      const { creationTime } = await inspectReceipt(receipt);
      if (!creationTime) throw new Error(`the receipt of ${name} has no creation time`);
      return {
        name: `the receipt of ${name}`,
        call: { verifyReceipt: { receipt, appId, environment, publicKey, date: creationTime } },
      };
    }),
  )),
];
