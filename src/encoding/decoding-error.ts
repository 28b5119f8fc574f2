/** Thrown if bytes cannot be decoded. This error is internal: public functions convert it to an `AppAttestError`. */
export class DecodingError extends Error {
  override readonly name = 'DecodingError';
}

/** Thrown if the bytes end before the encoded value ends, for example because the evidence was truncated. */
export class EndsTooEarlyError extends DecodingError {}
