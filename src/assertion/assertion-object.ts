import { type AuthenticatorData, decodeAuthenticatorData } from '../authenticator-data/authenticator-data.js';
import { decodeCborMap } from '../encoding/cbor-map.js';
import { DecodingError } from '../encoding/decoding-error.js';
import { AppAttestError } from '../errors.js';
import { decodeEvidence, type KeptEvidence } from '../options/evidence.js';

/** A decoded assertion object: well-formed, but not verified. */
export interface AssertionObject {
  /** ECDSA, DER. */
  readonly signature: Uint8Array;
  readonly authenticatorData: AuthenticatorData;
}

/** Bytes. All recordings have between 130 and 200. */
export const MAX_ASSERTION_LENGTH = 8192;

/**
 * Decodes the CBOR map `{ signature, authenticatorData }`. Other entries are ignored, including the unsigned `cdHash` of
 * apps with the opt-in entitlement.
 *
 * @throws AppAttestError `malformed_assertion`
 */
export function decodeAssertionObject(assertion: KeptEvidence): AssertionObject {
  try {
    const object = decodeCborMap(decodeEvidence(assertion, MAX_ASSERTION_LENGTH));
    return {
      signature: object.bytes('signature'),
      authenticatorData: decodeAuthenticatorData(object.bytes('authenticatorData')),
    };
  } catch (cause) {
    const reason = cause instanceof DecodingError ? cause.message : 'it cannot be decoded';
    throw new AppAttestError('malformed_assertion', `not an assertion object: ${reason}`, { cause });
  }
}
