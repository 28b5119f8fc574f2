import { decodeAssertionObject, MAX_ASSERTION_LENGTH } from '../assertion/assertion-object.js';
import { decodeAttestationObject, MAX_ATTESTATION_LENGTH } from '../attestation/attestation-object.js';
import { assertSignedEnd } from '../authenticator-data/signed-end.js';
import { keepEvidence } from '../options/evidence.js';
import type { ClientDataForm } from './client-data-form.js';

/**
 * Raw client data can have any length. If it has 32 bytes, `verifyAssertion` cannot tell it from a hash.
 *
 * @throws AppAttestError `malformed_assertion`
 */
export function assertAssertionEnd(form: ClientDataForm, assertion: string | Uint8Array): void {
  if (form !== 'raw') return;
  const { authenticatorData } = decodeAssertionObject(keepEvidence(assertion, 'assertion', MAX_ASSERTION_LENGTH));
  assertSignedEnd(authenticatorData, 'malformed_assertion');
}

/**
 * The same of an attestation. `verifyAttestation` accepts such a map, whatever the length: its caller passes what the
 * server issued, and Apple's sample of 2026 is of that kind.
 *
 * @throws AppAttestError `malformed_attestation`, `unsupported_format`
 */
export function assertAttestationEnd(form: ClientDataForm, attestation: string | Uint8Array): void {
  if (form !== 'raw') return;
  const kept = keepEvidence(attestation, 'attestation', MAX_ATTESTATION_LENGTH);
  assertSignedEnd(decodeAttestationObject(kept).authenticatorData, 'malformed_attestation');
}
