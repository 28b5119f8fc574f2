import { readBer } from '../encoding/ber.js';
import { asBuffer } from '../encoding/bytes.js';
import { decodeCborMap } from '../encoding/cbor-map.js';
import { EndsTooEarlyError } from '../encoding/decoding-error.js';

/** The kinds of App Attest evidence. */
export type EvidenceKind = 'attestation' | 'assertion' | 'receipt';

/** The first byte of a receipt: an ASN.1 SEQUENCE. */
const SEQUENCE = 0x30;
/** The number of bytes in which the names of fields are searched. In genuine evidence, a name is among the first bytes. */
const HEAD = 256;
/** The object identifier of CMS SignedData, 1.2.840.113549.1.7.2. */
const SIGNED_DATA = Buffer.from('06092a864886f70d010702', 'hex').toString('latin1');

/** Recognizes the kind of evidence by its first bytes, even if the rest is missing or malformed. */
export function kindOfEvidence(bytes: Uint8Array): EvidenceKind | undefined {
  const head = asBuffer(bytes.subarray(0, HEAD)).toString('latin1');
  const first = bytes[0] ?? 0;
  if (first === SEQUENCE) return head.includes(SIGNED_DATA) ? 'receipt' : undefined;
  // The major type 5 of CBOR is a map.
  if (first >> 5 !== 5) return undefined;
  // In CBOR, a byte with the length precedes each name. The patterns include this byte. Otherwise, random bytes of a
  // signature could match by chance.
  if (/cfmt|gattStmt|hauthData/.test(head)) return 'attestation';
  return /isignature|qauthenticatorData/.test(head) ? 'assertion' : undefined;
}

/**
 * `'whole'`: one CBOR map or ASN.1 element. `'cut'`: only the beginning of a map or element. `'malformed'`: anything
 * else.
 */
export type Extent = 'whole' | 'cut' | 'malformed';

/** Finds out whether bytes are one whole CBOR map or ASN.1 element, or only the beginning of one. */
export function extentOf(bytes: Uint8Array): Extent {
  try {
    if (bytes[0] === SEQUENCE) readBer(bytes);
    else decodeCborMap(bytes);
    return 'whole';
  } catch (error) {
    return error instanceof EndsTooEarlyError ? 'cut' : 'malformed';
  }
}
