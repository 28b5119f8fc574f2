import { readInteger, Tag } from '../../encoding/der-values.js';
import { decodeUtf8 } from '../../encoding/utf8.js';
import { shortText } from '../../errors.js';
import { type Asn1Fields, type Asn1Parts, fieldsInOrder, listOf, readElement } from './asn1-parts.js';
import { ALGORITHM, certificateFields } from './certificate-parts.js';
import { bytesText, type EvidencePart } from './evidence-part.js';
import type { Excerpt } from './excerpt.js';

/** Apple: Assessing fraud risk, "Receipt field types". Apple does not document field 7. */
const FIELD_NAMES: ReadonlyMap<number, string> = new Map([
  [2, 'App ID'],
  [3, 'attested public key'],
  [4, 'client hash'],
  [5, 'token'],
  [6, 'receipt type'],
  [7, 'environment'],
  [12, 'creation time'],
  [17, 'risk metric'],
  [19, 'not before'],
  [21, 'expiration time'],
]);
const ATTESTED_PUBLIC_KEY = 3;
const CLIENT_HASH = 4;

/** The tags [0] and [1] in SignedData and SignerInfo. */
const TAGGED_0 = 0xa0;
const TAGGED_1 = 0xa1;

/** The parts of a receipt: ContentInfo with SignedData (RFC 5652 §3 and §5.1), and the payload in it. */
export function receiptParts(receipt: Excerpt, asn1: Asn1Parts): readonly EvidencePart[] {
  const certificates = listOf((index) => ({ name: `certificates[${index}]`, parts: certificateFields(asn1) }));
  const signerInfo = fieldsInOrder(
    { name: 'version' },
    { name: 'sid' },
    { name: 'digestAlgorithm', parts: ALGORITHM },
    { name: 'signedAttrs', tag: TAGGED_0 },
    { name: 'signatureAlgorithm', parts: ALGORITHM },
    { name: 'signature' },
    { name: 'unsignedAttrs', tag: TAGGED_1 },
  );
  const payload = (octets: Excerpt) => ({
    children: asn1.parts(octets, fieldsInOrder({ name: 'payload', parts: payloadFields(asn1) })),
  });
  const encapContentInfo = fieldsInOrder(
    { name: 'eContentType' },
    { name: 'eContent', tag: TAGGED_0, parts: fieldsInOrder({ name: 'OCTET STRING', decode: payload }) },
  );
  const signedData = fieldsInOrder(
    { name: 'version' },
    { name: 'digestAlgorithms' },
    { name: 'encapContentInfo', parts: encapContentInfo },
    { name: 'certificates', tag: TAGGED_0, parts: certificates },
    { name: 'crls', tag: TAGGED_1 },
    { name: 'signerInfos', parts: listOf((index) => ({ name: `signerInfos[${index}]`, parts: signerInfo })) },
  );
  const contentInfo = fieldsInOrder(
    { name: 'contentType' },
    { name: 'content', parts: fieldsInOrder({ name: 'signedData', parts: signedData }) },
  );
  return asn1.parts(receipt, fieldsInOrder({ name: 'contentInfo', parts: contentInfo }));
}

/** `SET OF SEQUENCE { type INTEGER, version INTEGER, value OCTET STRING }`. */
function payloadFields(asn1: Asn1Parts): Asn1Fields {
  return listOf((_, element, contents) => {
    const field = contents.slice(element.contents, element.contentsEnd);
    const first = readElement(field.bytes, 0, field.length);
    const type = first.tag === Tag.Integer ? readInteger(field.bytes, { ...first, children: [] }) : undefined;
    const decode = (octets: Excerpt) => {
      if (type !== ATTESTED_PUBLIC_KEY) return { value: fieldText(type, octets.bytes) };
      return { children: asn1.parts(octets, fieldsInOrder({ name: 'certificate', parts: certificateFields(asn1) })) };
    };
    return {
      name: (type !== undefined && FIELD_NAMES.get(type)) || `field ${type ?? 'without a type'}`,
      parts: fieldsInOrder({ name: 'type' }, { name: 'version' }, { name: 'value', decode }),
    };
  });
}

function fieldText(type: number | undefined, value: Uint8Array): string {
  const text = type === CLIENT_HASH ? undefined : decodeUtf8(value);
  return text === undefined ? bytesText(value) : shortText(text).slice(1, -1);
}
