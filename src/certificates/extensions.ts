import { DecodingError } from '../decoding-error.js';
import { shortText } from '../errors.js';
import type { DerElement } from './der.js';
import { contentsOf, Identifier, isTrue, readObjectIdentifier } from './der-values.js';

export type Extensions = ReadonlyMap<string, { readonly critical: boolean; readonly value: Uint8Array }>;

/** `[3] EXPLICIT`. */
const FIELD = 0xa3;

/**
 * Reads the extensions of a certificate by object identifier: `[3] { SEQUENCE OF SEQUENCE { identifier, critical BOOLEAN
 * DEFAULT FALSE, value OCTET STRING } }`, at least one, and none of them twice. RFC 5280 §4.1 and §4.2.
 *
 * @throws DecodingError
 */
export function readExtensions(der: Uint8Array, field: DerElement): Extensions {
  const [sequence, ...rest] = field.identifier === FIELD ? field.children : [];
  if (sequence?.identifier !== Identifier.Sequence || rest.length > 0) throw malformed();
  const extensions = new Map<string, { critical: boolean; value: Uint8Array }>();
  for (const element of sequence.children) {
    const { identifier, critical, value } = readExtension(der, element);
    if (extensions.has(identifier)) throw new DecodingError(`extension ${shortText(identifier)} twice`);
    extensions.set(identifier, { critical, value });
  }
  if (extensions.size === 0) throw malformed();
  return extensions;
}

function readExtension(der: Uint8Array, extension: DerElement) {
  if (extension.identifier !== Identifier.Sequence) throw malformed();
  const [identifier, ...others] = extension.children;
  const critical = others.length === 2 ? others.shift() : undefined;
  const [value, ...rest] = others;
  if (critical && (critical.identifier !== Identifier.Boolean || !isTrue(der, critical))) throw malformed();
  if (identifier?.identifier !== Identifier.ObjectIdentifier) throw malformed();
  if (value?.identifier !== Identifier.OctetString || rest.length > 0) throw malformed();
  return {
    identifier: readObjectIdentifier(der, identifier),
    critical: critical !== undefined,
    value: contentsOf(der, value),
  };
}

function malformed(): DecodingError {
  return new DecodingError('the extensions of a certificate cannot be read');
}
