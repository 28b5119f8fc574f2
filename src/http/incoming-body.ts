import { AppAttestHttpError } from './http-error.js';

/** The body of a request: bytes, or a stream of bytes. */
export type IncomingBody = Uint8Array | BodyStream;

/** A body that arrives in chunks. */
export interface BodyStream extends AsyncIterable<unknown> {
  /** Reads the whole body if it has arrived. Otherwise, reads nothing and returns `undefined`. */
  readArrived?(): Uint8Array | undefined;
  /**
   * Ends reading and keeps the chunks that were read, so that a handler can read the whole body.
   *
   * @param read The chunks in order. Several chunks may have been joined into one
   */
  restore?(read: readonly unknown[]): void;
}

/** @param advice How the developer can correct the order of handlers or parsers */
export function alreadyRead(advice: string): AppAttestHttpError {
  return new AppAttestHttpError(
    'body_already_read',
    `the raw request body is needed to verify the signature, but the body was already read: ${advice}`,
  );
}
