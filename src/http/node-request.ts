import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { alreadyRead, type IncomingBody, type IncomingRequest } from './incoming-request.js';

/** A request of Node's `http`, as Express and Fastify hand it on. */
export interface NodeRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  /** The body: the request itself, or what a framework put in its place. */
  readonly stream: Readable;
  /** The body's bytes, where a parser kept them. */
  readonly rawBody?: Uint8Array | undefined;
  readonly response: ServerResponse;
  /** What the developer can do where a parser read the body and kept nothing. */
  readonly advice: string;
}

export function fromNode({ method, target, headers, stream, rawBody, response, advice }: NodeRequest): IncomingRequest {
  return {
    method,
    target,
    header: (name) => headers[name]?.toString(),
    body: () => rawBody ?? unreadBody(stream, advice),
    afterAnswer: (call) => whenSent(response, call),
  };
}

function unreadBody(stream: Readable, advice: string): IncomingBody {
  if (stream.readableDidRead) throw alreadyRead(advice);
  return chunksOf(stream);
}

async function* chunksOf(stream: Readable): AsyncGenerator<unknown> {
  try {
    // The connection stays open for the answer, however much of the body is read.
    yield* stream.iterator({ destroyOnReturn: false });
  } finally {
    // Node.js reads the next request of the connection only once this body is over.
    stream.resume();
  }
}

/** A response is sent once it is finished; one whose connection is lost only closes. */
function whenSent(response: ServerResponse, call: () => void): void {
  if (response.writableFinished || response.destroyed) return void setImmediate(call);
  let isCalled = false;
  const callOnce = (): void => {
    if (!isCalled) setImmediate(call);
    isCalled = true;
  };
  response.once('finish', callOnce).once('close', callOnce);
}
