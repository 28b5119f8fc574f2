import { MAX_ATTESTATION_LENGTH, MAX_CERTIFICATES } from '../attestation/attestation-object.js';
import { environmentOf } from '../authenticator-data/aaguid.js';
import {
  type AttestedAuthenticatorData,
  decodeAttestedAuthenticatorData,
} from '../authenticator-data/authenticator-data.js';
import { encodeBase64 } from '../encoding/base64.js';
import { sha256 } from '../encoding/bytes.js';
import { type CborMap, decodeCborMap } from '../encoding/cbor-map.js';
import { pemOfPoint } from '../keys/public-key.js';
import type { Environment } from '../options/environment.js';
import { readEvidence } from '../options/evidence.js';
import { type InspectedAuthenticatorData, inspectAuthenticatorData } from './inspect-authenticator-data.js';
import { type InspectedCertificate, inspectCertificate } from './inspect-certificate.js';
import { Inspection } from './inspection.js';

/** Decoded authenticator data of an attestation. Nothing in it is verified. */
export interface InspectedAttestedData extends InspectedAuthenticatorData {
  /** The AAGUID, which identifies the environment, 16 bytes. */
  aaguid: Uint8Array;
  /** The environment that the AAGUID identifies. Absent if the AAGUID is unknown. */
  environment?: Environment;
  /** The credential ID, 32 bytes. In valid evidence, it is the key identifier. */
  credentialId: Uint8Array;
  /** The attested public key: SubjectPublicKeyInfo as PEM. */
  publicKey: string;
  /** The key identifier of `publicKey`, base64. */
  keyId: string;
}

/** A decoded attestation object. Nothing in it is verified. */
export interface InspectedAttestation {
  /** The names of all fields in the CBOR map, in their original order. Unknown fields are included. */
  entries: string[];
  /** The attestation format: `"apple-appattest"` for App Attest. */
  format?: string;
  /** The decoded authenticator data. Absent if it cannot be decoded. */
  authenticatorData?: InspectedAttestedData;
  /** The certificates of `x5c`, the leaf first. Certificates that cannot be decoded are omitted. */
  certificates: InspectedCertificate[];
  /** The receipt, not decoded. `inspectReceipt` decodes it. */
  receipt?: Uint8Array;
  /** One message for each part that cannot be decoded. */
  problems: string[];
}

/**
 * Decodes an attestation object for logs and tools. Nothing is verified. Malformed contents do not cause an error. Parts
 * that cannot be decoded are missing from the result, and `problems` describes them.
 *
 * @param attestation base64 or base64url text, or bytes
 * @throws AppAttestError `invalid_argument` for a value of another type
 *
 * @example
 * ```ts
 * const { authenticatorData, certificates, problems } = inspectAttestation(body.token);
 * console.log(authenticatorData?.environment, certificates[0]?.appId, problems);
 * ```
 */
export function inspectAttestation(attestation: string | Uint8Array): InspectedAttestation {
  const inspection = new Inspection();
  const inspected: InspectedAttestation = { entries: [], certificates: [], problems: inspection.problems };
  const object = inspection.attempt('attestation', () => {
    return decodeCborMap(readEvidence(attestation, 'attestation', MAX_ATTESTATION_LENGTH));
  });
  if (!object) return inspected;

  inspected.entries = object.names();
  const format = inspection.attempt('fmt', () => object.text('fmt'));
  const authenticatorData = inspection.attempt('authData', () => {
    return inspectAttestedData(decodeAttestedAuthenticatorData(object.bytes('authData')), inspection);
  });
  const statement = inspection.attempt('attStmt', () => object.map('attStmt'));
  if (format !== undefined) inspected.format = format;
  if (authenticatorData) inspected.authenticatorData = authenticatorData;
  if (statement) inspectStatement(statement, inspected, inspection);
  return inspected;
}

function inspectAttestedData(data: AttestedAuthenticatorData, inspection: Inspection): InspectedAttestedData {
  const environment = environmentOf(data.aaguid);
  return {
    ...inspectAuthenticatorData(data, 'authData', inspection),
    aaguid: new Uint8Array(data.aaguid),
    ...(environment && { environment }),
    credentialId: new Uint8Array(data.credentialId),
    publicKey: pemOfPoint(data.credentialPublicKey),
    keyId: encodeBase64(sha256(data.credentialPublicKey)),
  };
}

function inspectStatement(statement: CborMap, inspected: InspectedAttestation, inspection: Inspection): void {
  const receipt = inspection.attempt('receipt', () => new Uint8Array(statement.bytes('receipt')));
  if (receipt) inspected.receipt = receipt;
  const x5c = inspection.attempt('x5c', () => statement.arrayOfBytes('x5c')) ?? [];
  if (x5c.length > MAX_CERTIFICATES) inspection.problems.push(`x5c: more than ${MAX_CERTIFICATES} certificates`);
  for (const [index, der] of x5c.slice(0, MAX_CERTIFICATES).entries()) {
    const certificate = inspectCertificate(der, `x5c[${index}]`, inspection);
    if (certificate) inspected.certificates.push(certificate);
  }
}
