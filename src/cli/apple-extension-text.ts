import { AppleExtension, AppleTagNumber, readSingleOctetString } from '../certificates/apple-extensions.js';
import { readDer } from '../encoding/der.js';
import type { DerElement } from '../encoding/der-element.js';
import { contentsOf, readInteger, Tag } from '../encoding/der-values.js';
import { decodeUtf8 } from '../encoding/utf8.js';

/** The names of the tag numbers in Apple's extensions, as observed in recordings. */
const TAG_NAMES: ReadonlyMap<number, string> = new Map<number, string>([
  [AppleTagNumber.PlatformName, 'platform'],
  [AppleTagNumber.DeviceClass, 'device class'],
  [AppleTagNumber.AppId, 'App ID'],
  [AppleTagNumber.OsVersion, 'OS version'],
  [1401, 'iBoot version'],
  [AppleTagNumber.OsBuild, 'OS build'],
]);

/**
 * The decoded value of one of Apple's extensions. `undefined` for other extensions.
 *
 * @throws DecodingError
 */
export function appleExtensionText(oid: string, value: Uint8Array): string | undefined {
  switch (oid) {
    case AppleExtension.Nonce:
      return hex(readSingleOctetString(value));
    case AppleExtension.AccessControlList:
      return hex(readSingleOctetString(value));
    case AppleExtension.KeyUsageProperties:
    case AppleExtension.OperatingSystem:
      return readDer(value)
        .children.map((element) => taggedText(value, element))
        .join(', ');
    default:
      return undefined;
  }
}

/** `[tag] { value }` as text, for example `OS version 27.0`. */
function taggedText(der: Uint8Array, { tagNumber, children }: DerElement): string {
  const [value] = children;
  return `${TAG_NAMES.get(tagNumber) ?? tagNumber} ${value ? valueText(der, value) : 'empty'}`;
}

function valueText(der: Uint8Array, value: DerElement): string {
  if (value.tag === Tag.Integer) return String(readInteger(der, value));
  const contents = contentsOf(der, value);
  return (value.tag === Tag.OctetString && decodeUtf8(contents)) || hex(contents);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
