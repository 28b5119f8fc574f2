/** Thrown if bytes cannot be decoded. This error is internal: public functions convert it to a `malformed_…` code. */
export class DecodingError extends Error {
  override readonly name = 'DecodingError';
}
