import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { alreadyRead, type IncomingBody, type IncomingRequest } from './incoming-request.js';

/** A request of Node's `http`, as Express and Fastify pass it on. */
export interface NodeRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  /** The body: the request itself, or the stream with which a framework replaced it. */
  readonly stream: Readable;
  /** The body's bytes, if a parser kept them. */
  readonly rawBody?: Uint8Array | undefined;
  readonly response: ServerResponse;
  /** What the developer can do if a parser read the body and did not keep its bytes. */
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
    // The connection must stay open for the answer, even if the body is only read in part.
    yield* stream.iterator({ destroyOnReturn: false });
  } finally {
    // Node.js reads the next request on the connection only after the end of this body.
    stream.resume();
  }
}

/** A response that was sent emits `finish`; one whose connection was lost emits only `close`. */
function whenSent(response: ServerResponse, call: () => void): void {
  if (response.writableFinished || response.destroyed) return void setImmediate(call);
  let isCalled = false;
  const callOnce = (): void => {
    if (!isCalled) setImmediate(call);
    isCalled = true;
  };
  response.once('finish', callOnce).once('close', callOnce);
}
