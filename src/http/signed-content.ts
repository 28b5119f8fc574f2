import { parseJson } from './json-body.js';
import { claimsForm, isSignedForm } from './multipart-body.js';

/**
 * Creates a request whose unread body is the signed content. The client's content type is not signed. If the content is
 * JSON, the content type is therefore set to JSON. If the content type is a form with another boundary than the
 * content, it is set to `application/octet-stream`. The new request has the same class as the old request, for example
 * the `NextRequest` of Next.js. A `GET` or `HEAD` request has no body, so it is returned unchanged.
 */
export function withContent<Incoming extends Request>(request: Incoming, content: Uint8Array): Incoming {
  if (request.method === 'GET' || request.method === 'HEAD') return request;
  const signed = withInit(request, { body: new Uint8Array(content) });
  signed.headers.delete('content-length');
  const contentType = request.headers.get('content-type');
  if (isJsonContent(content)) signed.headers.set('content-type', 'application/json');
  else if (claimsForm(contentType) && !isSignedForm(contentType ?? undefined, content)) {
    signed.headers.set('content-type', 'application/octet-stream');
  }
  return signed;
}

/**
 * Creates a request whose unread body is the body that the client sent. The rest of the request is unchanged.
 *
 * @param body `undefined` if the body of the request is still unread
 */
export function withBody<Incoming extends Request>(
  request: Incoming,
  body: Uint8Array | ReadableStream<unknown> | undefined,
): Incoming {
  if (body === undefined) return request;
  // The Fetch standard requires `duplex` if the body is a stream.
  return withInit(request, { body, duplex: 'half' });
}

/**
 * Creates a request that differs from the given request only in the body. If the constructor of `Request` cannot read the given
 * request, the new request has the same URL, method, headers and signal.
 *
 * @param init The part of `RequestInit` that sets the body
 */
function withInit<Incoming extends Request>(request: Incoming, init: object): Incoming {
  if (isGenuine(request)) return Reflect.construct(classOf(request), [request, init]);
  const { url, method, headers, signal } = request;
  return Reflect.construct(classOf(request), [url, { method, headers, signal, ...init }]);
}

/**
 * Returns whether the constructor of `Request` can read the request. It cannot read a `Proxy`, which Next.js passes to route
 * handlers, because private fields exist only on the request behind the `Proxy`.
 */
function isGenuine(request: Request): boolean {
  try {
    return Reflect.get(Request.prototype, 'method', request) === request.method;
  } catch {
    return false;
  }
}

/**
 * Returns the class of a request. The class must have the prototype of the request, because a server may change the prototype.
 * `request.constructor` would be another function if the request is a `Proxy`.
 */
function classOf(request: Request): Request['constructor'] {
  const prototype: Request = Object.getPrototypeOf(request);
  return prototype.constructor.prototype === prototype ? prototype.constructor : Request;
}

/**
 * Parses the signed content as a framework would. Returns the parsed value of JSON, `undefined` if the content is empty, and
 * the bytes otherwise. The content type is ignored, because it is not signed.
 */
export function parseContent(content: Uint8Array): unknown {
  if (content.length === 0) return undefined;
  try {
    return parseJson(content);
  } catch {
    return Buffer.from(content);
  }
}

/** Returns whether bytes are JSON. */
export function isJsonContent(content: Uint8Array): boolean {
  try {
    parseJson(content);
    return true;
  } catch {
    return false;
  }
}
