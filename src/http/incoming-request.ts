import { FetchBody } from './fetch-body.js';
import type { IncomingBody } from './incoming-body.js';
import type { WaitUntil } from './wait-until.js';

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
  /** Discards the rest of the body, so that it does not block the connection. Used if no handler of the application runs. */
  discardBody(): void;
  /**
   * Discards the rest of the body. For a Node.js request, resolves when the body has ended. Used if the handler receives the
   * signed content instead of the body.
   *
   * @param timeout Seconds. Afterwards, the promise rejects
   */
  finishBody(timeout: number): Promise<void>;
  /** Puts the read bytes back into the body. Used if the handler receives the body that the client sent. */
  passOnBody(): void;
  /** Whether a parser of file uploads after `protect` can read a signed form from the body. Absent for Fetch requests. */
  readonly replaysForms?: boolean;
  /**
   * Calls a function later. For a Node.js request, the call happens after the response was sent or the connection was closed.
   * For a Fetch request, the call happens after a fixed time.
   */
  afterAnswer(call: () => void): void;
  /** Keeps the process running until a promise settles. Absent if the framework has no such function. */
  readonly waitUntil?: WaitUntil | undefined;
}

/** Milliseconds. The Fetch standard has no event that reports a sent response, so a timer is used. */
const TIME_TO_ANSWER = 20;

/** Adapts a request of the Fetch standard. */
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
 * Returns the URL without scheme and host. A fragment (`#…`) stays part of the target, because some routers route by the
 * fragment.
 */
function targetOf(url: string): string {
  return url.replace(/^[^:/?#]+:\/\/[^/?#]*/, '');
}
