import { type AuthenticatorData, decodeAuthenticatorData } from '../authenticator-data/authenticator-data.js';
import { decodeCborMap } from '../encoding/cbor-map.js';
import { DecodingError } from '../encoding/decoding-error.js';
import { AppAttestError } from '../errors.js';
import { decodeEvidence, type KeptEvidence } from '../options/evidence.js';

/** A decoded assertion object. It is well-formed but not verified. */
export interface AssertionObject {
  /** The ECDSA signature, in DER. */
  readonly signature: Uint8Array;
  readonly authenticatorData: AuthenticatorData;
}

/** The maximum length of an assertion, in bytes. All recorded assertions have 130 to 200 bytes. */
export const MAX_ASSERTION_LENGTH = 8192;

/**
 * Decodes the CBOR map `{ signature, authenticatorData }` and ignores all other fields. Apps with the App Attest opt-in
 * entitlement may send their code directory hash in an additional field `cdHash`. This field is unsigned, so the app can
 * change it, and it proves nothing.
 *
 * @throws AppAttestError `malformed_assertion`
 */
export function decodeAssertionObject(assertion: KeptEvidence): AssertionObject {
  return asAssertion(() => {
    const object = decodeCborMap(decodeEvidence(assertion, MAX_ASSERTION_LENGTH));
    return {
      signature: object.bytes('signature'),
      authenticatorData: decodeAuthenticatorData(object.bytes('authenticatorData')),
    };
  });
}

/** Runs a decoder. Any error becomes `malformed_assertion`. */
export function asAssertion<Decoded>(decode: () => Decoded): Decoded {
  try {
    return decode();
  } catch (cause) {
    const reason = cause instanceof DecodingError ? cause.message : 'it cannot be decoded';
    throw new AppAttestError('malformed_assertion', `not an assertion object: ${reason}`, { cause });
  }
}
