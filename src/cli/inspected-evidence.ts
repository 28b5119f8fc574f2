import { MAX_CERTIFICATES } from '../attestation/attestation-object.js';
import { decodeCborMap } from '../encoding/cbor-map.js';
import { type InspectedAssertion, inspectAssertion } from '../explain/inspect-assertion.js';
import { type InspectedAttestation, inspectAttestation } from '../explain/inspect-attestation.js';
import { type InspectedReceipt, inspectReceipt } from '../explain/inspect-receipt.js';
import { decodeSignedData } from '../receipt/signed-data.js';
import { type AuthenticatorDataField, authenticatorDataFields } from './authenticator-data-fields.js';
import { type ShownCertificate, showCertificate } from './shown-certificate.js';

/** Everything in a piece of evidence. Nothing in it is verified. */
export interface InspectedEvidence {
  kind: 'attestation' | 'assertion' | 'receipt';
  /** The result of `inspectAttestation`, `inspectAssertion` or `inspectReceipt`. */
  inspection: InspectedAttestation | InspectedAssertion | InspectedReceipt;
  /** The fields of authenticator data. Empty if there is no authenticator data, or it cannot be decoded. */
  fields: AuthenticatorDataField[];
  certificates: ShownCertificate[];
  /** The receipt in an attestation, or the receipt itself. */
  receipt?: ReceiptInEvidence;
  /** The signature of an assertion, DER. */
  signature?: Uint8Array;
  /** One message for each part that cannot be decoded. */
  problems: string[];
}

export interface ReceiptInEvidence {
  inspection: InspectedReceipt;
  certificates: ShownCertificate[];
}

/**
 * Decodes everything in evidence. Evidence of an unknown kind is decoded as an attestation. Then `problems` lists the
 * parts that cannot be decoded.
 */
export async function inspectEvidence(
  bytes: Uint8Array,
  kind: InspectedEvidence['kind'] = 'attestation',
): Promise<InspectedEvidence> {
  if (kind === 'receipt') return inspectReceiptEvidence(bytes);
  return kind === 'assertion' ? inspectAssertionEvidence(bytes) : inspectAttestationEvidence(bytes);
}

async function inspectAttestationEvidence(bytes: Uint8Array): Promise<InspectedEvidence> {
  const inspection = inspectAttestation(bytes);
  const problems = [...inspection.problems];
  const { authenticatorData: data, certificates: inspected, receipt } = inspection;
  const appIds = inspected.flatMap(({ appId }) => (appId === undefined ? [] : [appId]));
  const certificates = showCertificates(certificatesOfAttestation(bytes), 'x5c', problems);
  const found = receipt && (await inspectReceiptEvidence(receipt));
  problems.push(...(found?.problems ?? []));
  return {
    kind: 'attestation',
    inspection,
    fields: data ? authenticatorDataFields(data, appIds) : [],
    certificates,
    ...(found?.receipt && { receipt: found.receipt }),
    problems,
  };
}

function inspectAssertionEvidence(bytes: Uint8Array): InspectedEvidence {
  const inspection = inspectAssertion(bytes);
  const { authenticatorData: data, signature, problems } = inspection;
  const fields = data ? authenticatorDataFields(data, []) : [];
  return { kind: 'assertion', inspection, fields, certificates: [], ...(signature && { signature }), problems };
}

async function inspectReceiptEvidence(bytes: Uint8Array): Promise<InspectedEvidence> {
  const inspection = await inspectReceipt(bytes);
  const problems = [...inspection.problems];
  const certificates = showCertificates(await certificatesOfReceipt(bytes), 'receipt', problems);
  return { kind: 'receipt', inspection, fields: [], certificates, receipt: { inspection, certificates }, problems };
}

/** Returns the certificates, DER. If the evidence cannot be decoded, `inspectAttestation` has already reported the problem. */
function certificatesOfAttestation(bytes: Uint8Array): readonly Uint8Array[] {
  try {
    return decodeCborMap(bytes).map('attStmt').arrayOfBytes('x5c').slice(0, MAX_CERTIFICATES);
  } catch {
    return [];
  }
}

async function certificatesOfReceipt(bytes: Uint8Array): Promise<readonly Uint8Array[]> {
  try {
    return (await decodeSignedData(bytes)).certificates;
  } catch {
    return [];
  }
}

function showCertificates(ders: readonly Uint8Array[], name: string, problems: string[]): ShownCertificate[] {
  return ders.flatMap((der, index) => {
    try {
      return [showCertificate(der)];
    } catch {
      problems.push(`${name}[${index}]: the certificate cannot be shown`);
      return [];
    }
  });
}
