import { equalBytes, sha256 } from '../../encoding/bytes.js';
import { readPastedEvidence } from '../evidence-text.js';
import type { Cause } from '../explanation.js';
import { certain, likely } from './certainty.js';

/** The maximum length of a key identifier that is examined. */
const MAX_LENGTH = 1024;
const LENGTH = 32;

/** Explains a key identifier that is malformed, or that does not belong to the attested key. */
export function keyIdentifierCauses(keyId: string, point: Uint8Array | undefined): Cause[] {
  const { bytes, encoding } = keyId.length <= MAX_LENGTH ? readPastedEvidence(keyId) : { encoding: 'unknown' };
  if (bytes && point) {
    const expected = sha256(point);
    if (equalBytes(bytes, expected)) {
      return [
        certain(
          `The key identifier belongs to the key, but its encoding is ${encoding} instead of base64.`,
          'Send the key identifier in the app unchanged, as generateKey returned it.',
        ),
      ];
    }
    if (equalBytes(bytes, point) || equalBytes(bytes.subarray(-point.length), point)) {
      return [
        certain(
          'This is the public key, not the key identifier.',
          'Send the key identifier that generateKey returned, or compute SHA-256 of the 65 bytes of the point.',
        ),
      ];
    }
    if (bytes.length < LENGTH && bytes.length > LENGTH / 2 && equalBytes(bytes, expected.subarray(0, bytes.length))) {
      return [certain('The key identifier was cut off.', 'Raise the length of the column to at least 44 characters.')];
    }
    if (bytes.length === LENGTH) {
      return [
        likely(
          'The key identifier belongs to another key than the attestation.',
          'Send the key identifier in the app that was passed to attestKey, and do not call generateKey again in between.',
        ),
      ];
    }
  }
  return [
    likely(
      'The key identifier is not what generateKey returned: it is not base64 of 32 bytes.',
      'Send the key identifier in the app unchanged, as generateKey returned it.',
    ),
  ];
}

/** Explains parts of an attestation that belong to different keys. */
export function differentKeysCauses(): Cause[] {
  return [
    likely(
      'Authenticator data and the certificate contain different keys: the attestation was changed, or put together from two.',
      'Reject the request, and let the app attest a new key.',
    ),
  ];
}
