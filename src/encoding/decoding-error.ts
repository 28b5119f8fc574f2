/** Thrown if bytes cannot be decoded. This error is internal: public functions convert it to a `malformed_…` code. */
export class DecodingError extends Error {
  override readonly name = 'DecodingError';
}

/** Thrown if the bytes end before the encoded value ends, as bytes do that were cut off. */
export class EndsTooEarlyError extends DecodingError {}
