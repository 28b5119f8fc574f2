import { type AsnType, Constructed, fromBER, Integer, OctetString, Sequence } from 'asn1js';
import { DecodingError } from '../decoding-error.js';
import { assertDer } from './der.js';

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
export const AppleTag = {
  PlatformName: 1026,
  DeviceClass: 1104,
  AppId: 1204,
  OsVersion: 1400,
  OsBuild: 1403,
} as const;

const CONTEXT_SPECIFIC = 3;
const LIMITS = { maxDepth: 16, maxNodes: 2048, maxContentLength: 65_536, parseEmbedded: false } as const;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads `SEQUENCE { [tag] { OCTET STRING } }` and nothing else: the form of the nonce and of the access control list.
 *
 * @param tagNumber The tag that must stand there; `undefined` for any, as Apple leaves it open
 * @throws DecodingError
 */
export function readSingleOctetString(extension: Uint8Array, tagNumber?: number): Uint8Array {
  const [tagged, ...others] = readSequence(extension);
  if (!tagged || others.length > 0) throw new DecodingError('not a SEQUENCE of one element');
  const number = tagNumberOf(tagged);
  if (number === undefined || (tagNumber !== undefined && number !== tagNumber)) {
    throw new DecodingError('not the expected tag');
  }
  const value = explicitValue(tagged);
  if (!(value instanceof OctetString)) throw new DecodingError('not one OCTET STRING');
  return octets(value);
}

/**
 * The values of `SEQUENCE OF [tag] { value }` by tag number: the form of the key usage properties and of the operating
 * system extension. What Apple may add in another form is passed over.
 */
export class TaggedValues {
  readonly #values = new Map<number, AsnType>();

  /** @throws DecodingError where the extension is no DER SEQUENCE, or has a tag twice */
  constructor(extension: Uint8Array) {
    for (const element of readSequence(extension)) {
      const tagNumber = tagNumberOf(element);
      const value = explicitValue(element);
      if (tagNumber === undefined || value === undefined) continue;
      if (this.#values.has(tagNumber)) throw new DecodingError(`tag ${tagNumber} twice`);
      this.#values.set(tagNumber, value);
    }
  }

  has(tagNumber: number): boolean {
    return this.#values.has(tagNumber);
  }

  /** The text of an OCTET STRING, `undefined` for anything else. */
  text(tagNumber: number): string | undefined {
    const value = this.#values.get(tagNumber);
    if (!(value instanceof OctetString)) return undefined;
    try {
      return utf8.decode(octets(value));
    } catch {
      return undefined;
    }
  }

  /** An INTEGER that fits a JavaScript number, `undefined` for anything else. */
  number(tagNumber: number): number | undefined {
    const value = this.#values.get(tagNumber);
    if (!(value instanceof Integer)) return undefined;
    const number = Number(value.toBigInt());
    return Number.isSafeInteger(number) ? number : undefined;
  }
}

function readSequence(extension: Uint8Array): readonly AsnType[] {
  assertDer(extension);
  const result = decodeAsn1(extension);
  if (!(result instanceof Sequence)) throw new DecodingError('not a SEQUENCE');
  return result.valueBlock.value;
}

/** asn1js reports some errors and throws others, such as those of a malformed time. */
function decodeAsn1(der: Uint8Array): AsnType {
  try {
    return fromBER(der, LIMITS).result;
  } catch (cause) {
    throw new DecodingError('an ASN.1 value cannot be read', { cause });
  }
}

function tagNumberOf(element: AsnType): number | undefined {
  return element.idBlock.tagClass === CONTEXT_SPECIFIC ? element.idBlock.tagNumber : undefined;
}

/** What an explicitly tagged element holds, if that is exactly one element. */
function explicitValue(element: AsnType): AsnType | undefined {
  if (!(element instanceof Constructed)) return undefined;
  const [value, ...others] = element.valueBlock.value;
  return others.length === 0 ? value : undefined;
}

/** A copy, so that what is kept of a certificate is no slice of it. */
function octets(value: OctetString): Uint8Array {
  return new Uint8Array(value.valueBlock.valueHexView);
}
