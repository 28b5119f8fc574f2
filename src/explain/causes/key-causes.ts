import { equalBytes, sha256 } from '../../encoding/bytes.js';
import { readPastedEvidence } from '../evidence-text.js';
import type { Cause } from '../explanation.js';
import { certain, likely } from './certainty.js';

/** The maximum length of a key identifier that is examined, in UTF-16 code units. */
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
          'In the app, send the key identifier unchanged, as generateKey returned it.',
        ),
      ];
    }
    if (equalBytes(bytes, point) || equalBytes(bytes.subarray(-point.length), point)) {
      return [
        certain(
          'The value of keyId is the public key, not the key identifier.',
          'In the app, send the key identifier that generateKey returned, which is SHA-256 of the 65-byte public key.',
        ),
      ];
    }
    if (bytes.length < LENGTH && bytes.length > LENGTH / 2 && equalBytes(bytes, expected.subarray(0, bytes.length))) {
      return [
        certain(
          'The key identifier was cut off.',
          'On the server, raise the length of the database column to at least 44 characters.',
        ),
      ];
    }
    if (bytes.length === LENGTH) {
      return [
        likely(
          'The key identifier belongs to another key, not to the attested key.',
          'In the app, send the key identifier that was passed to attestKey, not the result of a later call of generateKey.',
        ),
      ];
    }
  }
  return [
    likely(
      'The key identifier is not what generateKey returned: it is not base64 of 32 bytes.',
      'In the app, send the key identifier unchanged, as generateKey returned it.',
    ),
  ];
}

/** Explains parts of an attestation that belong to different keys. */
export function differentKeysCauses(): Cause[] {
  return [
    likely(
      'The certificate and authenticator data do not contain the same P-256 key: the attestation was changed, or combined from two attestations.',
      'Reject the request, and let the app attest a new key.',
    ),
  ];
}
