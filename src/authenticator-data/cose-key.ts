import { equalBytes } from '../encoding/bytes.js';
import { DecodingError } from '../encoding/decoding-error.js';

/**
 * The length of the COSE key `{1: 2, 3: -7, -1: 1, -2: x, -3: y}`. All bytes except the coordinates x and y are fixed.
 */
export const COSE_KEY_LENGTH = 77;

const BEFORE_X = Buffer.from('a5010203262001215820', 'hex');
const BEFORE_Y = Buffer.from('225820', 'hex');
const X = BEFORE_X.length;
const Y = X + 32 + BEFORE_Y.length;

/**
 * The uncompressed point of a COSE key with the parameters EC2, ES256 and P-256. Canonical CBOR has exactly one encoding of
 * such a key (RFC 9053 §7.1.1, WebAuthn §6.5.1.1). So the fixed bytes are compared, and the CBOR is not parsed.
 *
 * @throws DecodingError
 */
export function pointOfCoseKey(bytes: Uint8Array): Uint8Array {
  const isP256 =
    bytes.length === COSE_KEY_LENGTH &&
    equalBytes(bytes.subarray(0, X), BEFORE_X) &&
    equalBytes(bytes.subarray(X + 32, Y), BEFORE_Y);
  if (!isP256) throw new DecodingError('the credential public key is not a COSE key on P-256');
  return Buffer.concat([Uint8Array.of(0x04), bytes.subarray(X, X + 32), bytes.subarray(Y)]);
}
