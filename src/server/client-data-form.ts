import { decodeBase64 } from '../encoding/base64.js';
import { sha256 } from '../encoding/bytes.js';
import { DecodingError } from '../encoding/decoding-error.js';
import { AppAttestError } from '../errors.js';
import { MAX_CLIENT_DATA_HASH_LENGTH } from '../options/client-data-hash.js';

/**
 * What an app passes to `attestKey` and `generateAssertion`, given the text of its client data:
 *
 * - `'sha256'`: SHA-256 of its UTF-8 bytes, as `@capgo/capacitor-app-attest` does
 * - `'sha256-decoded'`: SHA-256 of the decoded bytes; the text is base64 or base64url, with or without padding
 * - `'raw'`: its UTF-8 bytes themselves
 */
export type ClientDataForm = 'sha256' | 'sha256-decoded' | 'raw';

const FORMS: readonly unknown[] = ['sha256', 'sha256-decoded', 'raw'] satisfies ClientDataForm[];

/** @throws AppAttestError `invalid_argument` */
export function readClientDataForm(form: ClientDataForm = 'sha256'): ClientDataForm {
  if (FORMS.includes(form)) return form;
  throw new AppAttestError('invalid_argument', `clientData must be one of ${FORMS.join(', ')}`);
}

/**
 * The client data as bytes: from the text in a request, or a copy if it is given as bytes.
 *
 * @throws DecodingError: not base64 but `'sha256-decoded'`, or empty but `'raw'`
 * @throws AppAttestError `invalid_argument`: the `ArrayBuffer` of the bytes is detached
 */
export function readClientData(form: ClientDataForm, clientData: string | Uint8Array): Uint8Array {
  const bytes = typeof clientData === 'string' ? textBytes(form, clientData) : copy(clientData);
  if (form === 'raw' && bytes.length === 0) throw new DecodingError('the client data is empty');
  return bytes;
}

/**
 * The client data of a registration. A registration may wait for its turn, and raw client data is then kept in whole, so
 * its length is limited.
 *
 * @throws DecodingError
 * @throws AppAttestError `invalid_argument`
 */
export function readAttestedClientData(form: ClientDataForm, clientData: string | Uint8Array): Uint8Array {
  const bytes = readClientData(form, clientData);
  if (form !== 'raw' || bytes.length <= MAX_CLIENT_DATA_HASH_LENGTH) return bytes;
  throw new DecodingError(`the client data is longer than ${MAX_CLIENT_DATA_HASH_LENGTH} bytes`);
}

/** The `clientDataHash` of `attestKey` and `generateAssertion`. With the form `'raw'` it is not a hash. */
export function hashClientData(form: ClientDataForm, clientData: Uint8Array): Uint8Array {
  return form === 'raw' ? clientData : sha256(clientData);
}

function textBytes(form: ClientDataForm, text: string): Uint8Array {
  if (form !== 'sha256-decoded') return new TextEncoder().encode(text);
  return new Uint8Array(decodeBase64(text));
}

function copy(bytes: Uint8Array): Uint8Array {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    throw new AppAttestError('invalid_argument', 'the ArrayBuffer of the client data is detached', { cause });
  }
}
