import { MAX_ASSERTION_LENGTH } from '../assertion/assertion-object.js';
import { decodeAuthenticatorData } from '../authenticator-data/authenticator-data.js';
import { decodeCborMap } from '../encoding/cbor-map.js';
import { readEvidence } from '../options/evidence.js';
import { type InspectedAuthenticatorData, inspectAuthenticatorData } from './inspect-authenticator-data.js';
import { Inspection } from './inspection.js';

/** A decoded assertion object. Nothing in it is verified. */
export interface InspectedAssertion {
  /** The names of all fields in the CBOR map, in their original order. Unknown fields are included. */
  entries: string[];
  /** The ECDSA signature, DER. */
  signature?: Uint8Array;
  /** The decoded authenticator data. Absent if it cannot be decoded. */
  authenticatorData?: InspectedAuthenticatorData;
  /**
   * One message for each part that cannot be decoded. If `verifyAssertion` can decode the assertion, only
   * `unauthenticatedExtensions` can cause a message, because `verifyAssertion` ignores the contents of this map.
   */
  problems: string[];
}

/**
 * Decodes an assertion object for logs and tools. Nothing is verified. Malformed contents do not cause an error. Parts that
 * cannot be decoded are missing from the result, and `problems` describes them.
 *
 * @param assertion base64 or base64url text, or bytes
 * @throws AppAttestError `invalid_argument` for a value of another type
 *
 * @example
 * ```ts
 * const { authenticatorData, problems } = inspectAssertion(body.token);
 * console.log(authenticatorData?.counter, problems);
 * ```
 */
export function inspectAssertion(assertion: string | Uint8Array): InspectedAssertion {
  const inspection = new Inspection();
  const inspected: InspectedAssertion = { entries: [], problems: inspection.problems };
  const object = inspection.attempt('assertion', () => {
    return decodeCborMap(readEvidence(assertion, 'assertion', MAX_ASSERTION_LENGTH));
  });
  if (!object) return inspected;

  inspected.entries = object.names();
  const signature = inspection.attempt('signature', () => new Uint8Array(object.bytes('signature')));
  const authenticatorData = inspection.attempt('authenticatorData', () => {
    const data = decodeAuthenticatorData(object.bytes('authenticatorData'));
    return inspectAuthenticatorData(data, 'authenticatorData', inspection);
  });
  if (signature) inspected.signature = signature;
  if (authenticatorData) inspected.authenticatorData = authenticatorData;
  return inspected;
}
