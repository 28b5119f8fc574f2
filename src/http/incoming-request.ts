import { AppAttestHttpError } from './http-error.js';

/** The body of a request: bytes, or a stream of bytes. */
export type IncomingBody = Uint8Array | AsyncIterable<unknown>;

/** A request, independent of the framework. */
export interface IncomingRequest {
  readonly method: string;
  /** Path and query, not normalised. The router and the signature check must use the same text. */
  readonly target: string;
  /** @param name The name of the header in lower case */
  header(name: string): string | undefined;
  /**
   * Returns the body as it was received.
   *
   * @throws AppAttestHttpError `body_already_read`
   */
  body(): IncomingBody | Promise<IncomingBody>;
  /** Calls a function after the response was sent or the connection was closed. */
  afterAnswer(call: () => void): void;
}

const EMPTY = new Uint8Array();

/** Milliseconds. The Fetch standard has no event that reports a sent response, so a timer is used. */
const TIME_TO_ANSWER = 20;

/** Adapts a request of the Fetch standard. */
export function fromRequest(request: Request): IncomingRequest {
  return {
    method: request.method,
    target: targetOf(request.url),
    header: (name) => request.headers.get(name) ?? undefined,
    body: () => {
      if (!request.bodyUsed && request.body?.locked !== true) return request.body ?? EMPTY;
      throw alreadyRead(
        'call the App Attest handler before other code reads the request, or let the other code read request.clone()',
      );
    },
    afterAnswer: (call) => setTimeout(call, TIME_TO_ANSWER),
  };
}

/**
 * Returns the URL without scheme and host. A fragment (`#…`) stays part of the target, because some routers route by the
 * fragment.
 */
function targetOf(url: string): string {
  return url.replace(/^[^:/?#]+:\/\/[^/?#]*/, '');
}

/** @param advice How the developer can correct the order of handlers or parsers */
export function alreadyRead(advice: string): AppAttestHttpError {
  return new AppAttestHttpError(
    'body_already_read',
    `the raw request body is needed to verify the signature, but the body was already read: ${advice}`,
  );
}
