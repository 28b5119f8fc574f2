import { decodeBase64 } from '../encoding/base64.js';
import { sha256 } from '../encoding/bytes.js';
import { DecodingError } from '../encoding/decoding-error.js';
import { AppAttestError } from '../errors.js';
import { MAX_CLIENT_DATA_HASH_LENGTH } from '../options/client-data-hash.js';

/**
 * How an app computes the `clientDataHash` that it passes to `attestKey` and `generateAssertion`:
 *
 * - `'sha256'`: SHA-256 of the UTF-8 bytes of the client data. `@capgo/capacitor-app-attest` does this.
 * - `'sha256-decoded'`: The client data is base64 or base64url, with or without padding. The app decodes the client data
 *   and passes SHA-256 of the decoded bytes.
 * - `'raw'`: The app passes the UTF-8 bytes of the client data without hashing them.
 */
export type ClientDataForm = 'sha256' | 'sha256-decoded' | 'raw';

const FORMS: readonly unknown[] = ['sha256', 'sha256-decoded', 'raw'] satisfies ClientDataForm[];

/** @throws AppAttestError `invalid_argument` */
export function readClientDataForm(form: ClientDataForm = 'sha256'): ClientDataForm {
  if (FORMS.includes(form)) return form;
  throw new AppAttestError('invalid_argument', `clientData must be one of ${FORMS.join(', ')}`);
}

/**
 * Converts the client data of a request to bytes. Client data that is passed as bytes is copied.
 *
 * @throws DecodingError if the form is `'sha256-decoded'` and the text is not base64, or if the form is `'raw'` and the
 * client data is empty
 * @throws AppAttestError `invalid_argument`: the `ArrayBuffer` of the bytes is detached
 */
export function readClientData(form: ClientDataForm, clientData: string | Uint8Array): Uint8Array {
  const bytes = typeof clientData === 'string' ? textBytes(form, clientData) : copy(clientData);
  if (form === 'raw' && bytes.length === 0) throw new DecodingError('the client data is empty');
  return bytes;
}

/**
 * Converts the client data of a registration to bytes. The length of raw client data is limited, because the data stays in
 * memory while a registration waits in the verification queue.
 *
 * @throws DecodingError
 * @throws AppAttestError `invalid_argument`
 */
export function readAttestedClientData(form: ClientDataForm, clientData: string | Uint8Array): Uint8Array {
  const bytes = readClientData(form, clientData);
  if (form !== 'raw' || bytes.length <= MAX_CLIENT_DATA_HASH_LENGTH) return bytes;
  throw new DecodingError(`the client data is longer than ${MAX_CLIENT_DATA_HASH_LENGTH} bytes`);
}

/** Computes the `clientDataHash` as the app did. With the form `'raw'`, the result is the client data itself. */
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
