import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { alreadyRead, type IncomingBody, type IncomingRequest } from './incoming-request.js';

/** A Node.js request with data from Express or Fastify. */
export interface NodeRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  /** The stream of the body. Usually this is the request. A framework may use another stream. */
  readonly stream: Readable;
  /** The raw bytes of the body, if a body parser kept them. */
  readonly rawBody?: Uint8Array | undefined;
  readonly response: ServerResponse;
  /** How the developer can keep the raw bytes. This text becomes part of an error message. */
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
    // The connection must stay open for the response, even if only a part of the body is read.
    yield* stream.iterator({ destroyOnReturn: false });
  } finally {
    // Node.js reads the next request on the connection only after the rest of this body was read.
    stream.resume();
  }
}

/** A sent response emits `finish`. If the connection was lost, the response emits only `close`. */
function whenSent(response: ServerResponse, call: () => void): void {
  if (response.writableFinished || response.destroyed) return void setImmediate(call);
  let isCalled = false;
  const callOnce = (): void => {
    if (!isCalled) setImmediate(call);
    isCalled = true;
  };
  response.once('finish', callOnce).once('close', callOnce);
}
