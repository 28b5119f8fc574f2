/**
 * Bytes cannot be decoded. Internal: public functions convert it to a `malformed_…` code.
 */
export class DecodingError extends Error {
  override readonly name = 'DecodingError';
}
