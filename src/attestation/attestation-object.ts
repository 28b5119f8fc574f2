import {
  type AttestedAuthenticatorData,
  decodeAttestedAuthenticatorData,
} from '../authenticator-data/authenticator-data.js';
import { decodeCertificate } from '../certificates/certificate.js';
import type { CertificateChain } from '../certificates/certificate-chain.js';
import { type CborMap, decodeCborMap } from '../encoding/cbor-map.js';
import { DecodingError } from '../encoding/decoding-error.js';
import { AppAttestError, shortText } from '../errors.js';
import { decodeEvidence, type KeptEvidence } from '../options/evidence.js';

/** A decoded attestation object. It is well-formed but not verified. */
export interface AttestationObject {
  /** The credential certificate (credCert), then the CA certificates above it. Each is a slice of the attestation. */
  readonly x5c: CertificateChain;
  /** The receipt, in CMS (Cryptographic Message Syntax). `verifyAttestation` does not verify it. */
  readonly receipt: Uint8Array;
  readonly authenticatorData: AttestedAuthenticatorData;
}

const FORMAT = 'apple-appattest';
/** The maximum length of an attestation, in bytes. All recorded attestations have 5.2 to 6 KB. */
export const MAX_ATTESTATION_LENGTH = 65_536;
/** The maximum number of certificates, and so of signatures to verify. All recorded attestations have two certificates. */
export const MAX_CERTIFICATES = 4;

/**
 * Decodes the CBOR map `{ fmt, attStmt: { x5c, receipt }, authData }` and ignores all other fields. Apps with the App Attest
 * opt-in entitlement may send their code directory hash in an additional field `cdHash`. This field is unsigned, so the app
 * can change it, and it proves nothing.
 *
 * @throws AppAttestError `malformed_attestation`, `unsupported_format`
 */
export function decodeAttestationObject(attestation: KeptEvidence): AttestationObject {
  return asAttestation(() => {
    const object = decodeCborMap(decodeEvidence(attestation, MAX_ATTESTATION_LENGTH));
    assertFormat(object);
    const statement = object.map('attStmt');
    return {
      x5c: readX5c(statement),
      receipt: statement.bytes('receipt'),
      authenticatorData: decodeAttestedAuthenticatorData(object.bytes('authData')),
    };
  });
}

/**
 * Checks the field `fmt` of an attestation object.
 *
 * @throws DecodingError
 * @throws AppAttestError `unsupported_format`
 */
export function assertFormat(object: CborMap): void {
  const format = object.text('fmt');
  if (format === FORMAT) return;
  throw new AppAttestError('unsupported_format', 'the attestation is not in the App Attest format', {
    expected: shortText(FORMAT),
    actual: shortText(format),
  });
}

/**
 * Decodes the certificates in the attestation statement `attStmt`.
 *
 * @throws DecodingError
 */
export function readX5c(statement: CborMap): CertificateChain {
  const [credCert, issuer, ...issuers] = statement.arrayOfBytes('x5c');
  if (!credCert || !issuer) throw new DecodingError('x5c must contain the credential certificate and its issuer');
  if (issuers.length > MAX_CERTIFICATES - 2)
    throw new DecodingError(`x5c has more than ${MAX_CERTIFICATES} certificates`);
  return [decodeCertificate(credCert), ...[issuer, ...issuers].map(decodeCertificate)];
}

/** Runs a decoder. Any error other than an `AppAttestError` becomes `malformed_attestation`. */
export function asAttestation<Decoded>(decode: () => Decoded): Decoded {
  try {
    return decode();
  } catch (cause) {
    if (cause instanceof AppAttestError) throw cause;
    const reason = cause instanceof DecodingError ? cause.message : 'it cannot be decoded';
    throw new AppAttestError('malformed_attestation', `not an attestation object: ${reason}`, { cause });
  }
}
