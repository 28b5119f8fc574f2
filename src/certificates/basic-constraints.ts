import { DecodingError } from '../encoding/decoding-error.js';
import { readDer } from '../encoding/der.js';
import { isTrue, readInteger, Tag } from '../encoding/der-values.js';

/** RFC 5280 §4.2.1.9. */
export interface BasicConstraints {
  readonly isCa: boolean;
  /** How many further CA certificates may stand between this one and the leaf; `undefined` for any number. */
  readonly pathLength: number | undefined;
}

/**
 * Reads the basic constraints extension, `SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL }`.
 * DER leaves a default out (X.690 §11.5), so a BOOLEAN that is there is true.
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
  return new DecodingError('the basic constraints cannot be read');
}
