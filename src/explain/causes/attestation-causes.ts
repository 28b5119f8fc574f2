import type { CheckedAttestation } from '../attestation-checks.js';
import type { Cause } from '../explanation.js';

/** Finds the mistakes that explain why an attestation is rejected. */
export async function attestationCauses(_checked: CheckedAttestation): Promise<Cause[]> {
  return [];
}
