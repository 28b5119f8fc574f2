import { FetchBody } from './fetch-body.js';
import type { IncomingBody } from './incoming-body.js';

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
  /** Called if no handler runs: the rest of the body must not block the connection. */
  discardBody(): void;
  /** Called if a handler gets the signed content instead of the body. Resolves when nothing of the body can be read any more. */
  finishBody(): Promise<void>;
  /** Called if a handler may read the body as it arrived. */
  passOnBody(): void;
  /** Calls a function once the answer was sent or the connection was closed. */
  afterAnswer(call: () => void): void;
}

/** Milliseconds. The Fetch standard has no event for a response that was sent. */
const TIME_TO_ANSWER = 20;

/** A request of the Fetch standard. */
export function fromRequest(request: Request, body = new FetchBody(request)): IncomingRequest {
  return {
    method: request.method,
    target: targetOf(request.url),
    header: (name) => request.headers.get(name) ?? undefined,
    body: () => body.open(),
    discardBody: () => body.discard(),
    finishBody: async () => body.discard(),
    passOnBody: () => undefined,
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
