import { decodeAssertionObject, MAX_ASSERTION_LENGTH } from '../assertion/assertion-object.js';
import { decodeAttestationObject, MAX_ATTESTATION_LENGTH } from '../attestation/attestation-object.js';
import { assertSignedEnd } from '../authenticator-data/signed-end.js';
import { keepEvidence } from '../options/evidence.js';
import type { ClientDataForm } from './client-data-form.js';

/**
 * Rejects an assertion with an extension map but without the flag ED, if the app does not hash client data. Raw client data has
 * no fixed length. An attacker could therefore move a map from the beginning of the client data to the end of authenticator
 * data. `verifyAssertion` has the same check, but not for 32 bytes of raw client data, because they look like a hash.
 *
 * @throws AppAttestError `malformed_assertion`
 */
export function assertAssertionEnd(form: ClientDataForm, assertion: string | Uint8Array): void {
  if (form !== 'raw') return;
  const { authenticatorData } = decodeAssertionObject(keepEvidence(assertion, 'assertion', MAX_ASSERTION_LENGTH));
  assertSignedEnd(authenticatorData, 'malformed_assertion');
}

/**
 * Like {@link assertAssertionEnd}, but for an attestation. `verifyAttestation` accepts an extension map without the flag ED,
 * regardless of the length of the client data, because Apple's sample attestation of 2026 has such a map.
 *
 * @throws AppAttestError `malformed_attestation`, `unsupported_format`
 */
export function assertAttestationEnd(form: ClientDataForm, attestation: string | Uint8Array): void {
  if (form !== 'raw') return;
  const kept = keepEvidence(attestation, 'attestation', MAX_ATTESTATION_LENGTH);
  assertSignedEnd(decodeAttestationObject(kept).authenticatorData, 'malformed_attestation');
}
