import { AsyncResource } from 'node:async_hooks';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { IncomingBody } from './incoming-body.js';
import type { IncomingRequest } from './incoming-request.js';
import type { NodeBody } from './node-body.js';

/** A Node.js request with data from Express or Fastify. */
export interface NodeRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: NodeBody;
  readonly response: ServerResponse;
  /** `false` by default. */
  readonly replaysForms?: boolean;
}

export function fromNode(request: NodeRequest): IncomingRequest {
  return new IncomingNodeRequest(request);
}

/** A waiting request holds one object of this class. An object with closures would need several times the memory. */
class IncomingNodeRequest implements IncomingRequest {
  readonly method: string;
  readonly target: string;
  readonly replaysForms: boolean;
  readonly #headers: IncomingHttpHeaders;
  readonly #body: NodeBody;
  readonly #response: ServerResponse;

  constructor({ method, target, headers, body, response, replaysForms = false }: NodeRequest) {
    this.method = method;
    this.target = target;
    this.replaysForms = replaysForms;
    this.#headers = headers;
    this.#body = body;
    this.#response = response;
  }

  header(name: string): string | undefined {
    return this.#headers[name]?.toString();
  }

  body(): IncomingBody {
    return this.#body.open();
  }

  discardBody(): void {
    this.#body.discard();
  }

  finishBody(timeout: number): Promise<void> {
    return this.#body.finish(timeout);
  }

  passOnBody(): void {
    this.#body.passOn();
    whenSent(this.#response, () => this.#body.discardUnread());
  }

  afterAnswer(call: () => void): void {
    whenSent(this.#response, AsyncResource.bind(call));
  }
}

/** Returns the value of `Content-Length`, or `undefined` if the header is absent. */
export function announcedBy(headers: IncomingHttpHeaders): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

/** A sent response emits `finish`. If the connection was lost, the response emits only `close`. */
function whenSent(response: ServerResponse, call: () => void): void {
  if (response.writableFinished || response.destroyed) return void setImmediate(call);
  let isCalled = false;
  const callOnce = (): void => {
    if (isCalled) return;
    isCalled = true;
    call();
  };
  response.once('finish', callOnce).once('close', callOnce);
}
