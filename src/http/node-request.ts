import { AsyncResource } from 'node:async_hooks';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
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

export function fromNode({
  method,
  target,
  headers,
  body,
  response,
  replaysForms = false,
}: NodeRequest): IncomingRequest {
  return {
    method,
    target,
    header: (name) => headers[name]?.toString(),
    replaysForms,
    body: () => body.open(),
    discardBody: () => body.discard(),
    finishBody: (timeout) => body.finish(timeout),
    passOnBody: () => {
      body.passOn();
      whenSent(response, () => body.discardUnread());
    },
    afterAnswer: (call) => whenSent(response, AsyncResource.bind(call)),
  };
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
