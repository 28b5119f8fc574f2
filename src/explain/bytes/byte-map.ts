import { MAX_ASSERTION_LENGTH } from '../../assertion/assertion-object.js';
import { MAX_ATTESTATION_LENGTH } from '../../attestation/attestation-object.js';
import { MAX_RECEIPT_LENGTH } from '../../receipt/receipt.js';
import { Asn1Parts, fieldsInOrder } from './asn1-parts.js';
import { authenticatorDataParts } from './authenticator-data-parts.js';
import { type ByteStringParts, CborParts } from './cbor-parts.js';
import { certificateFields } from './certificate-parts.js';
import { type EvidencePart, malformed, PartBudget } from './evidence-part.js';
import { Excerpt } from './excerpt.js';
import { receiptParts } from './receipt-parts.js';

/**
 * The parts of an attestation object with their bytes, for tools that show evidence. Never throws for malformed bytes.
 * Bytes that cannot be decoded become a malformed part.
 */
export function mapAttestation(attestation: Uint8Array): EvidencePart {
  return mapObject('attestation', attestation, MAX_ATTESTATION_LENGTH, (budget) => {
    const asn1 = new Asn1Parts(budget);
    return (name, contents) => {
      if (name === 'authData') return { children: authenticatorDataParts(contents, true, budget) };
      if (name === 'receipt') return { children: receiptParts(contents, asn1) };
      if (!name.startsWith('x5c[')) return undefined;
      return { children: asn1.parts(contents, fieldsInOrder({ name: 'certificate', parts: certificateFields(asn1) })) };
    };
  });
}

/** Like {@link mapAttestation}, for an assertion object. */
export function mapAssertion(assertion: Uint8Array): EvidencePart {
  return mapObject('assertion', assertion, MAX_ASSERTION_LENGTH, (budget) => (name, contents) => {
    if (name === 'authenticatorData') return { children: authenticatorDataParts(contents, false, budget) };
    if (name !== 'signature') return undefined;
    const signature = fieldsInOrder({ name: 'r' }, { name: 's' });
    return { children: new Asn1Parts(budget).parts(contents, fieldsInOrder({ name: 'ECDSA', parts: signature })) };
  });
}

/** Like {@link mapAttestation}, for a receipt. */
export function mapReceipt(receipt: Uint8Array): EvidencePart {
  return mapBytes('receipt', receipt, MAX_RECEIPT_LENGTH, (whole, budget) =>
    receiptParts(whole, new Asn1Parts(budget)),
  );
}

function mapObject(
  name: string,
  bytes: Uint8Array,
  maxLength: number,
  byteStrings: (budget: PartBudget) => ByteStringParts,
): EvidencePart {
  return mapBytes(name, bytes, maxLength, (whole, budget) => {
    return new CborParts(budget, byteStrings(budget)).mapParts(whole);
  });
}

function mapBytes(
  name: string,
  bytes: Uint8Array,
  maxLength: number,
  decode: (whole: Excerpt, budget: PartBudget) => readonly EvidencePart[],
): EvidencePart {
  const whole = Excerpt.whole(bytes);
  const value = `${bytes.length} bytes`;
  const tooLong = new Error(`longer than ${maxLength} bytes`);
  const children = bytes.length > maxLength ? [malformed(whole, tooLong)] : decode(whole, new PartBudget());
  return { name, value, ranges: whole.ranges, children };
}
