import { readBer } from '../encoding/ber.js';
import { asBuffer } from '../encoding/bytes.js';
import { decodeCborMap } from '../encoding/cbor-map.js';

/** The kinds of App Attest evidence. */
export type EvidenceKind = 'attestation' | 'assertion' | 'receipt';

/** How far the names of the fields are searched. In genuine evidence, a name is among the first bytes. */
const HEAD = 256;
/** The object identifier of CMS SignedData, 1.2.840.113549.1.7.2. */
const SIGNED_DATA = Buffer.from('06092a864886f70d010702', 'hex').toString('latin1');

/** What bytes look like by their first bytes, even if the rest is missing or malformed. */
export function kindOfEvidence(bytes: Uint8Array): EvidenceKind | undefined {
  const head = asBuffer(bytes.subarray(0, HEAD)).toString('latin1');
  const first = bytes[0] ?? 0;
  if (first === 0x30) return head.includes(SIGNED_DATA) ? 'receipt' : undefined;
  // The major type 5 of CBOR is a map.
  if (first >> 5 !== 5) return undefined;
  if (/fmt|attStmt|authData/.test(head)) return 'attestation';
  return /signature|authenticatorData/.test(head) ? 'assertion' : undefined;
}

/** Whether bytes are one whole CBOR map or one whole ASN.1 element. Evidence that was cut off is not. */
export function isWhole(bytes: Uint8Array): boolean {
  try {
    if (bytes[0] === 0x30) readBer(bytes);
    else decodeCborMap(bytes);
    return true;
  } catch {
    return false;
  }
}
