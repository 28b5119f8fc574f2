import { parseJson } from './json-body.js';

/**
 * The request with what was signed as its body, to be read as if for the first time. JSON is called JSON, whatever the
 * content type said, as nobody signed it. An instance of a subclass, such as the `NextRequest` of Next.js, stays one.
 */
export function withContent<Incoming extends Request>(request: Incoming, content: Uint8Array): Incoming {
  if (request.method === 'GET' || request.method === 'HEAD') return request;
  const body = new Uint8Array(content);
  const signed = Reflect.construct(classOf(request), [request, { body }]);
  signed.headers.delete('content-length');
  if (isJsonContent(content)) signed.headers.set('content-type', 'application/json');
  return signed;
}

/** Not what `constructor` says alone: a server may put an object of its own before the prototype of `Request`. */
function classOf(request: Request): Request['constructor'] {
  return request.constructor.prototype === Object.getPrototypeOf(request) ? request.constructor : Request;
}

/**
 * What was signed as a framework's parsed body: the value where it is JSON, `undefined` where it is empty, the bytes
 * otherwise. The content type has no say, as nobody signed it.
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
