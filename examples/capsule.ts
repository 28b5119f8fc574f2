import { AppAttestError, verifyAssertion, verifyAttestation } from 'app-attest';
import type { Capsule } from 'app-attest/http';

/** Verifies the evidence of a capsule again, with the time of the rejection as the current time. Returns the error, or `undefined`. */
export async function verifyAgain(capsule: Capsule): Promise<AppAttestError | undefined> {
  const { kind, evidence, keyId = '', clientDataHash, key, appIds, policy, date } = capsule;
  // A value that is too long is replaced with its digest. A function in the policy is not part of the capsule.
  const isComplete = typeof evidence === 'string' && typeof clientDataHash === 'string' && appIds;
  const { bundleVersions, ...requirements } = policy ?? {};
  if (!isComplete || bundleVersions === 'function') throw new Error('the capsule is not complete');
  const common = {
    clientDataHash: Buffer.from(clientDataHash, 'base64'),
    appId: appIds,
    ...(policy && { policy: { ...requirements, ...(bundleVersions && { bundleVersions }) } }),
  };
  try {
    if (kind === 'attestation') {
      const trustAnchors = capsule.trustAnchors?.map((der) => Buffer.from(der, 'base64'));
      const certificates = { environment: capsule.environments, date: new Date(date), trustAnchors };
      await verifyAttestation({ attestation: evidence, keyId, ...certificates, ...common });
    } else {
      if (!key) throw new Error('the capsule has no key, for example because the key was not registered');
      await verifyAssertion({ assertion: evidence, publicKey: key.publicKey, counter: key.counter, ...common });
    }
    return undefined;
  } catch (error) {
    if (error instanceof AppAttestError) return error;
    throw error;
  }
}
