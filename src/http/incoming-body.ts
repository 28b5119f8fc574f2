import { AppAttestHttpError } from './http-error.js';

/** The body of a request: its bytes, or a stream of them. */
export type IncomingBody = Uint8Array | BodyStream;

/** A body that arrives in chunks. */
export interface BodyStream extends AsyncIterable<unknown> {
  /**
   * Ends reading and takes back what was read, so that a handler can read the whole body.
   *
   * @param read All chunks, or the bytes of several chunks as one, in the order in which they arrived
   */
  restore?(read: readonly unknown[]): void;
}

/** @param advice What the developer can do */
export function alreadyRead(advice: string): AppAttestHttpError {
  return new AppAttestHttpError(
    'body_already_read',
    `the request body was already read, but its raw bytes are needed to verify the signature: ${advice}`,
  );
}
