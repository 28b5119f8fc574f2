import { AppAttestHttpError } from './http-error.js';

/** The body of a request: its bytes, or a stream of them. */
export type IncomingBody = Uint8Array | AsyncIterable<unknown>;

/** What the routes need from a request, independent of the framework. */
export interface IncomingRequest {
  readonly method: string;
  /** Path and query as the router sees them, not normalised: the router must use the same text that was signed. */
  readonly target: string;
  /** @param name In lower case */
  header(name: string): string | undefined;
  /**
   * The bytes as they were received.
   *
   * @throws AppAttestHttpError `body_already_read`
   */
  body(): IncomingBody | Promise<IncomingBody>;
  /** Calls a function once the answer was sent or the connection was closed. */
  afterAnswer(call: () => void): void;
}

const EMPTY = new Uint8Array();

/** Milliseconds. The Fetch standard has no event for a response that was sent. */
const TIME_TO_ANSWER = 20;

/** A request of the Fetch standard. */
export function fromRequest(request: Request): IncomingRequest {
  return {
    method: request.method,
    target: targetOf(request.url),
    header: (name) => request.headers.get(name) ?? undefined,
    body: () => {
      if (!request.bodyUsed && request.body?.locked !== true) return request.body ?? EMPTY;
      throw alreadyRead('protect the route before anything reads the request, or pass on request.clone()');
    },
    afterAnswer: (call) => setTimeout(call, TIME_TO_ANSWER),
  };
}

/**
 * Everything after scheme and host, unchanged, with the fragment: routers differ in where the path ends, and some route
 * by what follows a `#`.
 */
function targetOf(url: string): string {
  return url.replace(/^[^:/?#]+:\/\/[^/?#]*/, '');
}

/** @param advice What the developer can do */
export function alreadyRead(advice: string): AppAttestHttpError {
  return new AppAttestHttpError(
    'body_already_read',
    `the request body was already read, but its raw bytes are needed to verify the signature: ${advice}`,
  );
}
