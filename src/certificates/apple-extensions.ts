import { DecodingError } from '../encoding/decoding-error.js';
import { readDer } from '../encoding/der.js';
import type { DerElement } from '../encoding/der-element.js';
import { contentsOf, readInteger, Tag } from '../encoding/der-values.js';
import { decodeUtf8 } from '../encoding/utf8.js';

/**
 * Apple's extensions of the credential certificate (`credCert`), the leaf certificate of an attestation. The nonce is
 * required. For a Mac, the access control list is required too. The other extensions are optional.
 */
export const AppleExtension = {
  /** SHA-256(authData ‖ clientDataHash). */
  Nonce: '1.2.840.113635.100.8.2',
  /** Properties of the key, including the App ID. */
  KeyUsageProperties: '1.2.840.113635.100.8.5',
  /** The conditions under which the key may be used. Apple documents the required value for macOS only. */
  AccessControlList: '1.2.840.113635.100.8.6',
  /** Platform, version and build of the operating system, and the class of the device. */
  OperatingSystem: '1.2.840.113635.100.8.7',
} as const;

/** Tag numbers in the extensions above. These numbers come from recordings, because Apple does not document them. */
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
 * Decodes an extension of the form `SEQUENCE { [tag] { OCTET STRING } }`. The nonce and the access control list have this
 * form.
 *
 * @param tagNumber The required tag number. If it is `undefined`, every tag number is accepted
 * @returns the contents of the OCTET STRING, as a slice of the extension
 * @throws DecodingError
 */
export function readSingleOctetString(extension: Uint8Array, tagNumber?: number): Uint8Array {
  const { 0: tagged, length } = readSequence(extension);
  if (!tagged || length > 1) throw new DecodingError('the extension is not a SEQUENCE of one element');
  if (!isTagged(tagged) || (tagNumber !== undefined && tagged.tagNumber !== tagNumber)) {
    throw new DecodingError('the extension does not have the expected tag');
  }
  const value = explicitValue(tagged);
  if (value?.tag !== Tag.OctetString)
    throw new DecodingError('the extension does not contain exactly one OCTET STRING');
  return contentsOf(extension, value);
}

/**
 * The values in an extension of the form `SEQUENCE OF [tag] { value }`, by tag number. The key usage properties and the
 * operating system extension have this form. Elements of any other form are ignored, because Apple may add such elements.
 */
export class TaggedValues {
  readonly #extension: Uint8Array;
  readonly #values = new Map<number, DerElement>();

  /** @throws DecodingError if the extension is not a DER SEQUENCE, or if a tag occurs twice */
  constructor(extension: Uint8Array) {
    this.#extension = extension;
    for (const element of readSequence(extension)) {
      const value = isTagged(element) ? explicitValue(element) : undefined;
      if (value === undefined) continue;
      if (this.#values.has(element.tagNumber))
        throw new DecodingError(`the extension is invalid: tag ${element.tagNumber} occurs twice`);
      this.#values.set(element.tagNumber, value);
    }
  }

  has(tagNumber: number): boolean {
    return this.#values.has(tagNumber);
  }

  /** The UTF-8 text in an OCTET STRING. `undefined` if the value is missing, has another type or is not UTF-8. */
  text(tagNumber: number): string | undefined {
    const value = this.#values.get(tagNumber);
    if (value?.tag !== Tag.OctetString) return undefined;
    return decodeUtf8(contentsOf(this.#extension, value));
  }

  /**
   * The value of an INTEGER. `undefined` if the value is missing, has another type or is not a safe JavaScript integer.
   */
  number(tagNumber: number): number | undefined {
    const value = this.#values.get(tagNumber);
    if (value?.tag !== Tag.Integer) return undefined;
    const number = readInteger(this.#extension, value);
    return Number.isSafeInteger(number) ? number : undefined;
  }
}

function readSequence(extension: Uint8Array): readonly DerElement[] {
  const sequence = readDer(extension);
  if (sequence.tag !== Tag.Sequence) throw new DecodingError('the extension is not a SEQUENCE');
  return sequence.children;
}

function isTagged({ tag }: DerElement): boolean {
  return (tag & CLASS) === CONTEXT_SPECIFIC;
}

/** The only child of an explicitly tagged element. `undefined` if the element does not have exactly one child. */
function explicitValue(tagged: DerElement): DerElement | undefined {
  return tagged.children.length === 1 ? tagged.children[0] : undefined;
}
