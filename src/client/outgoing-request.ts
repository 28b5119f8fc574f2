import { bodyDigest } from './body-digest.js';
import { AppAttestClientError } from './client-error.js';
import { type ClientSettings, expect } from './client-options.js';

/** A body that the client can sign. The client sends an array or a plain object as JSON. */
export type RequestBody =
  | string
  | Uint8Array
  | ArrayBuffer
  | Blob
  | FormData
  | URLSearchParams
  | readonly unknown[]
  | { readonly [name: string]: unknown };

/**
 * The second argument of `AppAttestClient.fetch`. It differs from the argument of the global `fetch` in `body`, and has no
 * `redirect`.
 */
export interface AttestedRequestInit extends Omit<RequestInit, 'body' | 'redirect'> {
  /** The body. */
  body?: RequestBody | null | undefined;
}

/** A request whose bytes are fixed. Each attempt sends the same bytes. */
export interface OutgoingRequest {
  readonly url: string;
  /** The path and the query, exactly as the request line contains them. */
  readonly target: string;
  readonly headers: Headers;
  /** The value of `Content-Digest`. */
  readonly contentDigest: string;
  /** The options of `fetch`, except the headers. The method is in upper case. */
  readonly init: RequestInit & { readonly method: string };
  readonly signal: AbortSignal | undefined;
  /** Whether the method changes nothing on the server (RFC 9110 §9.2.1). */
  readonly isSafe: boolean;
}

/**
 * @param target The path and the query, below `baseUrl`. A fragment is removed, because it is never sent
 * @throws AppAttestClientError `invalid_argument`
 */
export async function prepareRequest(
  { baseUrl, sha256 }: Pick<ClientSettings, 'baseUrl' | 'sha256'>,
  target: string,
  { body, method = 'GET', headers: passedHeaders, signal, ...init }: AttestedRequestInit = {},
): Promise<OutgoingRequest> {
  expect({ target }, 'target', /^string \//);
  try {
    const verb = method.toUpperCase();
    // URL normalizes the path and the query as fetch does, so the server receives exactly this text.
    const { origin, pathname, search } = new URL(baseUrl + target);
    const path = pathname + search;
    const headers = new Headers(passedHeaders ?? {});
    const [type, bytes] = await serialize(body ?? new Uint8Array());
    // Throws the error that fetch would throw, for example for a GET with a body.
    const sent = { ...init, method: verb, ...(bytes.length > 0 && { body: bytes }) };
    new Request(origin, sent);
    // The content type of a form contains the boundary between its parts, so it must match the serialized bytes.
    if (type !== null && (body instanceof FormData || !headers.has('content-type'))) headers.set('content-type', type);
    return {
      url: origin + path,
      target: path,
      headers,
      contentDigest: await bodyDigest(bytes, sha256),
      init: sent,
      signal: signal ?? undefined,
      isSafe: /^(GET|HEAD)$/.test(verb),
    };
  } catch (cause) {
    throw new AppAttestClientError('invalid_argument', cause, { cause });
  }
}

/**
 * Returns the content type that `fetch` would send, and a copy of the bytes of the body. `Response` serializes forms and other
 * bodies as `fetch` does. Text, bytes and JSON are serialized without `Response`, because `Response` of React Native is
 * incomplete.
 */
async function serialize(body: RequestBody): Promise<[type: string | null, bytes: Uint8Array<ArrayBuffer>]> {
  if (typeof body === 'string') return ['text/plain;charset=UTF-8', new TextEncoder().encode(body)];
  if (body instanceof Uint8Array) return [null, new Uint8Array(body)];
  if (isJson(body)) return ['application/json', new TextEncoder().encode(JSON.stringify(body))];
  const response = new Response(body);
  return [response.headers.get('content-type'), new Uint8Array(await response.arrayBuffer())];
}

function isJson(body: object): body is Extract<RequestBody, readonly unknown[] | { readonly [name: string]: unknown }> {
  return Array.isArray(body) || Object.getPrototypeOf(body) === Object.prototype;
}
