import { DecodingError } from '../encoding/decoding-error.js';
import type { DerElement } from '../encoding/der-element.js';
import { contentsOf, isTrue, readObjectIdentifier, Tag } from '../encoding/der-values.js';
import { shortText } from '../errors.js';

/** The extensions of a certificate, by object identifier. */
export interface Extensions {
  readonly values: ReadonlyMap<string, Uint8Array>;
  /**
   * Object identifiers of the critical extensions. A verifier must reject a certificate with an unknown critical extension.
   */
  readonly critical: readonly string[];
}

export const NO_EXTENSIONS: Extensions = { values: new Map(), critical: [] };

/** The tag of the field that contains the extensions: `[3] EXPLICIT`. */
const FIELD = 0xa3;

/**
 * Decodes the extensions of a certificate: `[3] { SEQUENCE OF SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, value
 * OCTET STRING } }`. There must be at least one extension, and no extension may occur twice. RFC 5280 §4.1 and §4.2.
 *
 * @throws DecodingError
 */
export function readCertificateExtensions(der: Uint8Array, field: DerElement): Extensions {
  const { 0: sequence, length } = field.children;
  if (field.tag !== FIELD || length !== 1 || sequence?.tag !== Tag.Sequence) throw malformed();
  const values = new Map<string, Uint8Array>();
  const critical: string[] = [];
  for (const element of sequence.children) {
    const extension = readExtension(der, element);
    if (values.has(extension.oid)) throw new DecodingError(`the extension ${shortText(extension.oid)} occurs twice`);
    values.set(extension.oid, extension.value);
    if (extension.isCritical) critical.push(extension.oid);
  }
  if (values.size === 0) throw malformed();
  return { values, critical };
}

function readExtension(der: Uint8Array, { tag, children }: DerElement) {
  const isCritical = children.length === 3;
  const { 0: oid, 1: second, 2: third, length } = children;
  const value = isCritical ? third : second;
  if (tag !== Tag.Sequence || length > 3) throw malformed();
  if (isCritical && (second?.tag !== Tag.Boolean || !isTrue(der, second))) throw malformed();
  if (oid?.tag !== Tag.ObjectIdentifier) throw malformed();
  if (value?.tag !== Tag.OctetString) throw malformed();
  return { oid: readObjectIdentifier(der, oid), isCritical, value: contentsOf(der, value) };
}

function malformed(): DecodingError {
  return new DecodingError('malformed certificate extensions');
}
