import { parseJson } from './json-body.js';

/**
 * The request with the signed content as an unread body. The content type is not signed, so it is set to JSON if the
 * content is JSON. An instance of a subclass, such as the `NextRequest` of Next.js, keeps its class.
 */
export function withContent<Incoming extends Request>(request: Incoming, content: Uint8Array): Incoming {
  if (request.method === 'GET' || request.method === 'HEAD') return request;
  const body = new Uint8Array(content);
  const signed = Reflect.construct(classOf(request), [request, { body }]);
  signed.headers.delete('content-length');
  if (isJsonContent(content)) signed.headers.set('content-type', 'application/json');
  return signed;
}

/**
 * The request with a body that was taken from it, as an unread body. Everything else is as it arrived.
 *
 * @param body `undefined` if nothing was taken
 */
export function withBody<Incoming extends Request>(
  request: Incoming,
  body: Uint8Array | ReadableStream<unknown> | undefined,
): Incoming {
  if (body === undefined) return request;
  // The Fetch standard asks for `duplex` if the body is a stream.
  return Reflect.construct(classOf(request), [request, { body, duplex: 'half' }]);
}

/** `constructor` alone is not reliable: a server may insert its own object before the prototype of `Request`. */
function classOf(request: Request): Request['constructor'] {
  return request.constructor.prototype === Object.getPrototypeOf(request) ? request.constructor : Request;
}

/**
 * The signed content as a framework's parsed body: the value if it is JSON, `undefined` if it is empty, the bytes
 * otherwise. The content type is ignored, because it is not signed.
 */
export function parseContent(content: Uint8Array): unknown {
  if (content.length === 0) return undefined;
  try {
    return parseJson(content);
  } catch {
    return Buffer.from(content);
  }
}

/** Whether bytes are JSON. */
export function isJsonContent(content: Uint8Array): boolean {
  try {
    parseJson(content);
    return true;
  } catch {
    return false;
  }
}
