import { parseJson } from './json-body.js';

/** The request with what was signed as its body, to be read as if for the first time. */
export function withContent(request: Request, content: Uint8Array): Request {
  if (request.method === 'GET' || request.method === 'HEAD') return request;
  const signed = new Request(request, { body: new Uint8Array(content) });
  signed.headers.delete('content-length');
  return signed;
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
