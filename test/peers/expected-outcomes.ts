import type { AppAttestErrorCode } from '../../src/index.js';

/** The expected result of both verifiers for one kind of broken evidence. */
export interface ExpectedOutcome {
  readonly ours: 'accepted' | AppAttestErrorCode;
  readonly theirs: 'accepted' | 'rejected';
  /** Why the results differ. Absent if they agree. */
  readonly why?: string;
}

/**
 * The expected outcomes by kind of damage. The kinds are defined in `broken-evidence.ts`. docs/differential-testing.md shows
 * this list.
 */
export const expectedOutcomes: Readonly<
  Record<'Attestations' | 'Assertions', Readonly<Record<string, ExpectedOutcome>>>
> = {
  Attestations: {
    nothing: { ours: 'accepted', theirs: 'accepted' },
    'the leaf has expired': { ours: 'certificate_expired', theirs: 'rejected' },
    'the leaf is not valid yet': { ours: 'certificate_expired', theirs: 'rejected' },
    'the leaf names another issuer': {
      ours: 'untrusted_certificate',
      theirs: 'accepted',
      why: 'The other verifier does not compare the issuer in the leaf with the name of the CA (RFC 5280 §6.1.3).',
    },
    'the key usage of the leaf does not allow signatures': {
      ours: 'untrusted_certificate',
      theirs: 'accepted',
      why: 'The other verifier does not read the key usage.',
    },
    'the leaf has an unknown critical extension': {
      ours: 'untrusted_certificate',
      theirs: 'accepted',
      why: 'The other verifier does not read the critical flag (RFC 5280 §4.2).',
    },
    'only the first bytes of the aaguid are those of production': {
      ours: 'environment_mismatch',
      theirs: 'accepted',
      why: 'The other verifier compares only 9 of the 16 bytes.',
    },
    'the aaguid is unknown': { ours: 'environment_mismatch', theirs: 'rejected' },
    'the COSE key is a different key': {
      ours: 'public_key_mismatch',
      theirs: 'accepted',
      why: 'The other verifier does not read the COSE key.',
    },
    'the COSE key is malformed': {
      ours: 'malformed_attestation',
      theirs: 'accepted',
      why: 'The other verifier does not read the COSE key.',
    },
    'the credential id belongs to another key': { ours: 'credential_id_mismatch', theirs: 'rejected' },
    'the counter is not zero': { ours: 'counter_not_zero', theirs: 'rejected' },
    'the authenticator data is for another app': { ours: 'app_id_mismatch', theirs: 'rejected' },
    'the certificate is for another app': {
      ours: 'app_id_mismatch',
      theirs: 'accepted',
      why: 'The other verifier does not read the App ID in the certificate.',
    },
    'the attestation is for another challenge': { ours: 'nonce_mismatch', theirs: 'rejected' },
    'the certificate has no nonce': { ours: 'nonce_mismatch', theirs: 'rejected' },
    'nothing, but the nonce is also valid ASN.1': {
      ours: 'accepted',
      theirs: 'rejected',
      why: 'The other verifier decodes this nonce as ASN.1 and then cannot find the nonce. About one genuine attestation in 500 has such a nonce.',
    },
    'the nonce is in a different structure': {
      ours: 'nonce_mismatch',
      theirs: 'accepted',
      why: 'The other verifier converts the nonce extension to text, and checks only that the text ends with the nonce.',
    },
    'the certificate of a Mac has no access control list': {
      ours: 'access_control_mismatch',
      theirs: 'accepted',
      why: 'The other verifier does not check the access control list in the certificate. Apple requires this check for a Mac.',
    },
    'random bytes follow the COSE key': {
      ours: 'malformed_attestation',
      theirs: 'accepted',
      why: 'The other verifier ignores all bytes after the COSE key, including the extensions of iOS 27.',
    },
    'the bundle version is not text': {
      ours: 'malformed_attestation',
      theirs: 'accepted',
      why: 'The other verifier ignores the extensions of iOS 27.',
    },
    'a third certificate is malformed': {
      ours: 'malformed_attestation',
      theirs: 'accepted',
      why: 'The other verifier decodes only two certificates.',
    },
    'there is only one certificate': { ours: 'malformed_attestation', theirs: 'rejected' },
    'the length of a certificate is wrong': {
      ours: 'malformed_attestation',
      theirs: 'accepted',
      why: 'The other verifier ignores the encoded length of a certificate.',
    },
    'the signature algorithm of a certificate is not a SEQUENCE': {
      ours: 'malformed_attestation',
      theirs: 'accepted',
      why: 'The other verifier accepts any element here. It does not compare the algorithm with the algorithm in the signed part (RFC 5280 §4.1.1.2).',
    },
    'the signature of a certificate has unused bits': {
      ours: 'malformed_attestation',
      theirs: 'accepted',
      why: 'The other verifier ignores the number of unused bits.',
    },
    'the signature of a certificate is not a SEQUENCE': {
      ours: 'untrusted_certificate',
      theirs: 'accepted',
      why: 'The other verifier accepts any element around r and s.',
    },
    'the format is unknown': { ours: 'unsupported_format', theirs: 'rejected' },
    'the receipt is text instead of bytes': { ours: 'malformed_attestation', theirs: 'rejected' },
  },
  Assertions: {
    nothing: { ours: 'accepted', theirs: 'accepted' },
    'the assertion is for another app': { ours: 'app_id_mismatch', theirs: 'rejected' },
    'the assertion is for another payload': { ours: 'invalid_signature', theirs: 'rejected' },
    'the counter does not increase': {
      ours: 'counter_not_increased',
      theirs: 'accepted',
      why: 'The other verifier does not check the counter. It returns the counter to its caller.',
    },
    'random bytes follow the counter': {
      ours: 'malformed_assertion',
      theirs: 'accepted',
      why: 'The other verifier ignores all bytes after the counter, including the extensions of iOS 27.',
    },
    'the bundle version is not text': {
      ours: 'malformed_assertion',
      theirs: 'accepted',
      why: 'The other verifier ignores the extensions of iOS 27.',
    },
    'the signature is text instead of bytes': { ours: 'malformed_assertion', theirs: 'rejected' },
  },
};
