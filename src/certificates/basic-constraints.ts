import { DecodingError } from '../encoding/decoding-error.js';
import { readDer } from '../encoding/der.js';
import { isTrue, readInteger, Tag } from '../encoding/der-values.js';

/** The decoded basic constraints extension. RFC 5280 §4.2.1.9. */
export interface BasicConstraints {
  readonly isCa: boolean;
  /** The maximum number of CA certificates between this certificate and the leaf. `undefined` if there is no limit. */
  readonly pathLength: number | undefined;
}

/**
 * Decodes the basic constraints extension, `SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL }`.
 * DER omits default values (X.690 §11.5), so a BOOLEAN that is present must be true.
 *
 * @throws DecodingError
 */
export function readBasicConstraints(extension: Uint8Array): BasicConstraints {
  const { tag, children } = readDer(extension);
  if (tag !== Tag.Sequence) throw malformed();

  const ca = children[0]?.tag === Tag.Boolean ? children[0] : undefined;
  if (ca && !isTrue(extension, ca)) throw malformed();

  const isCa = ca !== undefined;
  const pathLength = children[isCa ? 1 : 0];
  if (children.length > (isCa ? 2 : 1)) throw malformed();
  if (!pathLength) return { isCa, pathLength: undefined };
  const length = readInteger(extension, pathLength);
  if (pathLength.tag !== Tag.Integer || length < 0 || !Number.isSafeInteger(length)) throw malformed();
  return { isCa, pathLength: length };
}

function malformed(): DecodingError {
  return new DecodingError('malformed basic constraints extension');
}
