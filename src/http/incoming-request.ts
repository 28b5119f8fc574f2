import { AppAttestHttpError } from './http-error.js';

/** The body of a request: bytes that are there already, or a stream of them. */
export type IncomingBody = Uint8Array | AsyncIterable<unknown>;

/** What the routes need of a request, whatever framework received it. */
export interface IncomingRequest {
  readonly method: string;
  /** Path and query as the router sees them, not normalised in any way: what is signed must be what is routed by. */
  readonly target: string;
  /** @param name In lower case */
  header(name: string): string | undefined;
  /**
   * The bytes as they came.
   *
   * @throws AppAttestHttpError `body_already_read`
   */
  body(): IncomingBody | Promise<IncomingBody>;
  /** Calls a function once the answer has been sent, or nobody waits for it any longer. */
  afterAnswer(call: () => void): void;
}

const EMPTY = new Uint8Array();

/** Milliseconds. The Fetch standard does not say when a response was sent. */
const TIME_TO_ANSWER = 20;

/** A request of the Fetch standard. */
export function fromRequest(request: Request): IncomingRequest {
  return {
    method: request.method,
    target: targetOf(request.url),
    header: (name) => request.headers.get(name) ?? undefined,
    body: () => {
      if (!request.bodyUsed && request.body?.locked !== true) return request.body ?? EMPTY;
      throw alreadyRead('protect the route before anything reads the request, or hand on request.clone()');
    },
    afterAnswer: (call) => setTimeout(call, TIME_TO_ANSWER),
  };
}

/**
 * What follows scheme and host, as it stands: routers differ in where they see the path end, and some route by what
 * stands behind a `#`.
 */
function targetOf(url: string): string {
  return url.replace(/^[^:/?#]+:\/\/[^/?#]*/, '');
}

/** @param advice What the developer can do */
export function alreadyRead(advice: string): AppAttestHttpError {
  return new AppAttestHttpError(
    'body_already_read',
    `something else has read the request's body, and what was signed are its raw bytes: ${advice}`,
  );
}
