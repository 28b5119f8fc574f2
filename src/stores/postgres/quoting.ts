import { AppAttestError } from '../../errors.js';

/** PostgreSQL truncates longer names, so two different names could become equal. */
const MAX_NAME_BYTES = 63;

/**
 * A quoted SQL identifier.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function quotedName(name: string): string {
  const isName = typeof name === 'string' && name !== '' && Buffer.byteLength(name) <= MAX_NAME_BYTES;
  if (isName && !/[\0\p{Surrogate}]/u.test(name)) return `"${name.replaceAll('"', '""')}"`;
  throw new AppAttestError(
    'invalid_argument',
    `schema must be a name of 1 to ${MAX_NAME_BYTES} bytes, without NUL or lone surrogates`,
  );
}

/** An SQL string constant. The form `E'…'` means the same regardless of the setting `standard_conforming_strings`. */
export function quotedText(text: string): string {
  return `E'${text.replaceAll(/['\\]/g, '$&$&')}'`;
}
