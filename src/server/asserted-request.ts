import { type ClientDataForm, readClientData } from './client-data-form.js';
import { readBody } from './request-body.js';

/** A signed request, decoded but not verified. */
export interface AssertedRequest {
  readonly keyId: string;
  /** A copy. Other code may change the original bytes, but the caller must receive the bytes that were verified. */
  readonly payload: Uint8Array;
  readonly token: string | Uint8Array;
}

/** @throws AppAttestError `malformed_assertion`, `unsupported_format`; `invalid_argument` for detached bytes */
export function readAssertedRequest(body: unknown, clientData: ClientDataForm): AssertedRequest {
  return readBody('malformed_assertion', body, (fields) => {
    fields.assertAppleAppAttest();
    return {
      keyId: fields.text('keyId'),
      payload: readClientData(clientData, fields.textOrBytes('payload')),
      token: fields.token('assertion'),
    };
  });
}
