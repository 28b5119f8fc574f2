import { type RejectionCode, STATUS } from './status.js';

/** The JSON response of a route, independent of the framework that sends the response. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

/** Each response is for one request only, so clients and proxies must not cache responses. */
const HEADERS = { 'cache-control': 'no-store' };

/** Headers for certain statuses: RFC 9110 §11.6.1, §10.2.1, §15.5.9 and §10.2.3. */
const STATUS_HEADERS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  401: { 'www-authenticate': 'AppAttest' },
  405: { allow: 'POST' },
  408: { connection: 'close' },
  503: { 'retry-after': '1' },
};

export function success(status: 200 | 201, body: object): Answer {
  return { status, headers: HEADERS, body };
}

/**
 * Creates the response to a rejected request. The client receives only the code. `onDecision` receives the full reason.
 *
 * @param retryAfter Seconds until the client may try again; `undefined` if unknown
 */
export function refusal(code: RejectionCode, retryAfter?: number): Answer {
  const status = STATUS[code];
  const headers = { ...HEADERS, ...STATUS_HEADERS[status], ...(retryAfter !== undefined && retryIn(retryAfter)) };
  return { status, headers, body: { error: code } };
}

/** The header allows only whole seconds (RFC 9110 §10.2.3). */
function retryIn(seconds: number): Record<string, string> {
  return { 'retry-after': String(Math.max(1, Math.ceil(seconds))) };
}

export function toResponse({ status, headers, body }: Answer): Response {
  const contentType = { 'content-type': 'application/json' };
  return new Response(JSON.stringify(body), { status, headers: { ...contentType, ...headers } });
}
