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
  const body = new Uint8Array(content);
  const signed = Reflect.construct(classOf(request), [request, { body }]);
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
  return Reflect.construct(classOf(request), [request, { body, duplex: 'half' }]);
}

/** Returns the class of a request. `constructor` may be wrong, because a server may change the prototype of a request. */
function classOf(request: Request): Request['constructor'] {
  return request.constructor.prototype === Object.getPrototypeOf(request) ? request.constructor : Request;
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
