import { DecodingError } from '../encoding/decoding-error.js';
import { readDer } from '../encoding/der.js';
import type { DerElement } from '../encoding/der-element.js';
import { contentsOf, readInteger, Tag } from '../encoding/der-values.js';
import { decodeUtf8 } from '../encoding/utf8.js';

/** The extensions that Apple writes into a credential certificate. All but the nonce may be absent. */
export const AppleExtension = {
  /** SHA-256(authData ‖ clientDataHash). */
  Nonce: '1.2.840.113635.100.8.2',
  /** Properties of the key; the App ID among them. */
  KeyUsageProperties: '1.2.840.113635.100.8.5',
  /** Who may use the key under which conditions; what it must say is documented for macOS only. */
  AccessControlList: '1.2.840.113635.100.8.6',
  /** What the device runs. */
  OperatingSystem: '1.2.840.113635.100.8.7',
} as const;

/** Tag numbers inside the extensions above, as observed; Apple documents none of them. */
export const AppleTagNumber = {
  PlatformName: 1026,
  DeviceClass: 1104,
  AppId: 1204,
  OsVersion: 1400,
  OsBuild: 1403,
} as const;

const CLASS = 0xc0;
const CONTEXT_SPECIFIC = 0x80;

/**
 * Reads `SEQUENCE { [tag] { OCTET STRING } }` and nothing else: the form of the nonce and of the access control list. A
 * slice of the extension.
 *
 * @param tagNumber The tag number that must stand there; `undefined` for any, as Apple leaves it open
 * @throws DecodingError
 */
export function readSingleOctetString(extension: Uint8Array, tagNumber?: number): Uint8Array {
  const { 0: tagged, length } = readSequence(extension);
  if (!tagged || length > 1) throw new DecodingError('not a SEQUENCE of one element');
  if (!isTagged(tagged) || (tagNumber !== undefined && tagged.tagNumber !== tagNumber)) {
    throw new DecodingError('not the expected tag');
  }
  const value = explicitValue(tagged);
  if (value?.tag !== Tag.OctetString) throw new DecodingError('not one OCTET STRING');
  return contentsOf(extension, value);
}

/**
 * The values of `SEQUENCE OF [tag] { value }` by tag number: the form of the key usage properties and of the operating
 * system extension. What Apple may add in another form is passed over.
 */
export class TaggedValues {
  readonly #extension: Uint8Array;
  readonly #values = new Map<number, DerElement>();

  /** @throws DecodingError where the extension is no DER SEQUENCE, or has a tag twice */
  constructor(extension: Uint8Array) {
    this.#extension = extension;
    for (const element of readSequence(extension)) {
      const value = isTagged(element) ? explicitValue(element) : undefined;
      if (value === undefined) continue;
      if (this.#values.has(element.tagNumber)) throw new DecodingError(`tag ${element.tagNumber} twice`);
      this.#values.set(element.tagNumber, value);
    }
  }

  has(tagNumber: number): boolean {
    return this.#values.has(tagNumber);
  }

  /** The text of an OCTET STRING, `undefined` for anything else. */
  text(tagNumber: number): string | undefined {
    const value = this.#values.get(tagNumber);
    if (value?.tag !== Tag.OctetString) return undefined;
    return decodeUtf8(contentsOf(this.#extension, value));
  }

  /** An INTEGER that fits a JavaScript number, `undefined` for anything else. */
  number(tagNumber: number): number | undefined {
    const value = this.#values.get(tagNumber);
    if (value?.tag !== Tag.Integer) return undefined;
    const number = readInteger(this.#extension, value);
    return Number.isSafeInteger(number) ? number : undefined;
  }
}

function readSequence(extension: Uint8Array): readonly DerElement[] {
  const sequence = readDer(extension);
  if (sequence.tag !== Tag.Sequence) throw new DecodingError('not a SEQUENCE');
  return sequence.children;
}

function isTagged({ tag }: DerElement): boolean {
  return (tag & CLASS) === CONTEXT_SPECIFIC;
}

/** What an explicitly tagged element holds, if that is exactly one element. */
function explicitValue(tagged: DerElement): DerElement | undefined {
  return tagged.children.length === 1 ? tagged.children[0] : undefined;
}
