import { decodeBase64 } from '../base64.js';
import { sha256 } from '../bytes.js';
import { MAX_CLIENT_DATA_HASH_LENGTH } from '../client-data.js';
import { DecodingError } from '../decoding-error.js';
import { AppAttestError } from '../errors.js';

/**
 * What an app hands to `attestKey` and `generateAssertion`, from the text that it was given:
 *
 * - `'sha256'`: SHA-256 of its UTF-8 bytes, as `@capgo/capacitor-app-attest` does
 * - `'sha256-decoded'`: SHA-256 of the bytes that the text stands for: base64 or base64url, with or without padding
 * - `'raw'`: its UTF-8 bytes themselves
 */
export type ClientDataForm = 'sha256' | 'sha256-decoded' | 'raw';

const FORMS: readonly unknown[] = ['sha256', 'sha256-decoded', 'raw'] satisfies ClientDataForm[];

/** @throws AppAttestError `invalid_argument` */
export function readClientDataForm(form: ClientDataForm = 'sha256'): ClientDataForm {
  if (FORMS.includes(form)) return form;
  throw new AppAttestError('invalid_argument', `clientData must be ${FORMS.join(', ')}`);
}

/**
 * The bytes that an app hashed, or handed over as they are: from its text in a request, or a copy of the bytes
 * themselves, whatever the form.
 *
 * @throws DecodingError: not base64 where the text must be, or nothing where nothing is hashed
 * @throws AppAttestError `invalid_argument`: bytes whose memory was transferred
 */
export function readClientData(form: ClientDataForm, clientData: string | Uint8Array): Uint8Array {
  const bytes = typeof clientData === 'string' ? textBytes(form, clientData) : copy(clientData);
  if (form === 'raw' && bytes.length === 0) throw new DecodingError('the client data is empty');
  return bytes;
}

/**
 * The same of a registration, which may have to wait for its turn: raw client data is then kept in whole.
 *
 * @throws DecodingError
 * @throws AppAttestError `invalid_argument`
 */
export function readAttestedClientData(form: ClientDataForm, clientData: string | Uint8Array): Uint8Array {
  const bytes = readClientData(form, clientData);
  if (form !== 'raw' || bytes.length <= MAX_CLIENT_DATA_HASH_LENGTH) return bytes;
  throw new DecodingError(`the client data is longer than ${MAX_CLIENT_DATA_HASH_LENGTH} bytes`);
}

/** The `clientDataHash` of `attestKey` and `generateAssertion`; not a hash where the form is `'raw'`. */
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
    throw new AppAttestError('invalid_argument', 'the memory of the client data was transferred', { cause });
  }
}
