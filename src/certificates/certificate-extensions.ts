import { DecodingError } from '../encoding/decoding-error.js';
import type { DerElement } from '../encoding/der-element.js';
import { contentsOf, Identifier, isTrue, readObjectIdentifier } from '../encoding/der-values.js';
import { shortText } from '../errors.js';

/** The extensions of a certificate, by object identifier. */
export interface Extensions {
  readonly values: ReadonlyMap<string, Uint8Array>;
  /** Those that whoever does not understand them must refuse. */
  readonly critical: readonly string[];
}

export const NO_EXTENSIONS: Extensions = { values: new Map(), critical: [] };

/** `[3] EXPLICIT`. */
const FIELD = 0xa3;

/**
 * Reads the extensions of a certificate by object identifier: `[3] { SEQUENCE OF SEQUENCE { identifier, critical BOOLEAN
 * DEFAULT FALSE, value OCTET STRING } }`, at least one, and none of them twice. RFC 5280 §4.1 and §4.2.
 *
 * @throws DecodingError
 */
export function readCertificateExtensions(der: Uint8Array, field: DerElement): Extensions {
  const { 0: sequence, length } = field.children;
  if (field.identifier !== FIELD || length !== 1 || sequence?.identifier !== Identifier.Sequence) throw malformed();
  const values = new Map<string, Uint8Array>();
  const critical: string[] = [];
  for (const element of sequence.children) {
    const extension = readExtension(der, element);
    if (values.has(extension.identifier)) throw new DecodingError(`extension ${shortText(extension.identifier)} twice`);
    values.set(extension.identifier, extension.value);
    if (extension.isCritical) critical.push(extension.identifier);
  }
  if (values.size === 0) throw malformed();
  return { values, critical };
}

function readExtension(der: Uint8Array, { identifier, children }: DerElement) {
  const isCritical = children.length === 3;
  const { 0: name, 1: second, 2: third, length } = children;
  const value = isCritical ? third : second;
  if (identifier !== Identifier.Sequence || length > 3) throw malformed();
  if (isCritical && (second?.identifier !== Identifier.Boolean || !isTrue(der, second))) throw malformed();
  if (name?.identifier !== Identifier.ObjectIdentifier) throw malformed();
  if (value?.identifier !== Identifier.OctetString) throw malformed();
  return { identifier: readObjectIdentifier(der, name), isCritical, value: contentsOf(der, value) };
}

function malformed(): DecodingError {
  return new DecodingError('the extensions of a certificate cannot be read');
}
