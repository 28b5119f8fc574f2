import { type VerifiedAttestation, type VerifyAttestationOptions, verifyAttestation } from '../../src/index.js';
import { createAuthority } from './certificate-authority.js';
import { type AttestationChanges, attest } from './evidence.js';

/** The certificate authority that signs the attestations of a test file. */
export const authority = await createAuthority();

/** Creates an attestation with `changes`, and verifies it with matching options. `options` replaces some of these options. */
export async function verify(
  changes: AttestationChanges = {},
  options: Partial<VerifyAttestationOptions> = {},
): Promise<VerifiedAttestation> {
  const { attestation, keyId, challenge, appId, date, trustAnchors } = await attest(authority, changes);
  return verifyAttestation({ attestation, keyId, challenge, appId, date, trustAnchors, ...options });
}
