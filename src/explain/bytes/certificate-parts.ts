import { AppleExtension, AppleTagNumber } from '../../certificates/apple-extensions.js';
import { nameText } from '../../certificates/name.js';
import { readObjectIdentifier, Tag } from '../../encoding/der-values.js';
import { type Asn1Field, type Asn1Fields, type Asn1Parts, fieldsInOrder, listOf, readElement } from './asn1-parts.js';
import type { Excerpt } from './excerpt.js';
import { objectIdentifierName } from './object-identifiers.js';

const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
/** The maximum length of an encoded object identifier that is decoded, in bytes. */
const MAX_OBJECT_IDENTIFIER = 64;

const APPLE_TAGS: ReadonlyMap<number, string> = new Map(
  Object.entries({
    'platform name': AppleTagNumber.PlatformName,
    'device class': AppleTagNumber.DeviceClass,
    'App ID': AppleTagNumber.AppId,
    'OS version': AppleTagNumber.OsVersion,
    'OS build': AppleTagNumber.OsBuild,
  }).map(([name, tag]) => [tag, name]),
);

export const ALGORITHM: Asn1Fields = fieldsInOrder({ name: 'algorithm' }, { name: 'parameters' });

/** The fields of a certificate (RFC 5280 §4.1), for {@link Asn1Parts}. */
export function certificateFields(asn1: Asn1Parts): Asn1Fields {
  const nameField = (name: string): Asn1Field => ({
    name,
    decode: (contents, whole) => ({ value: nameText(whole.bytes), children: asn1.parts(contents) }),
  });
  const extensions = listOf((_, element, contents) => {
    const oid = objectIdentifierOf(contents.slice(element.contents, element.contentsEnd));
    const decode = (octets: Excerpt) => ({ children: asn1.parts(octets, valueFields(oid)) });
    return {
      name: objectIdentifierName(oid),
      parts: fieldsInOrder({ name: 'extnID' }, { name: 'critical', tag: Tag.Boolean }, { name: 'extnValue', decode }),
    };
  });
  return fieldsInOrder(
    {
      name: 'tbsCertificate',
      parts: fieldsInOrder(
        { name: 'version', tag: VERSION },
        { name: 'serialNumber' },
        { name: 'signature', parts: ALGORITHM },
        nameField('issuer'),
        { name: 'validity', parts: fieldsInOrder({ name: 'notBefore' }, { name: 'notAfter' }) },
        nameField('subject'),
        {
          name: 'subjectPublicKeyInfo',
          parts: fieldsInOrder({ name: 'algorithm', parts: ALGORITHM }, { name: 'subjectPublicKey' }),
        },
        { name: 'extensions', tag: EXTENSIONS, parts: fieldsInOrder({ name: 'extensions', parts: extensions }) },
      ),
    },
    { name: 'signatureAlgorithm', parts: ALGORITHM },
    { name: 'signatureValue' },
  );
}

/** The object identifier at the beginning of an extension. */
function objectIdentifierOf(extension: Excerpt): string {
  const first = readElement(extension.bytes, 0, extension.length);
  if (first.tag !== Tag.ObjectIdentifier || first.end > MAX_OBJECT_IDENTIFIER) return 'extension';
  return readObjectIdentifier(extension.bytes, { ...first, children: [] });
}

/** Names the values in Apple's extensions by their tags. */
function valueFields(oid: string): Asn1Fields | undefined {
  if (oid !== AppleExtension.KeyUsageProperties && oid !== AppleExtension.OperatingSystem) return undefined;
  const tagged = listOf((_, { tagNumber }) => {
    const name = APPLE_TAGS.get(tagNumber);
    return { name: name === undefined ? `[${tagNumber}]` : `[${tagNumber}] ${name}` };
  });
  return fieldsInOrder({ name: 'SEQUENCE', parts: tagged });
}
