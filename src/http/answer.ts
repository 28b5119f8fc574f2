import type { Route } from './decision.js';
import { type RejectionCode, STATUS } from './status.js';

/** The JSON response of a route, independent of the framework that sends the response. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

/** Except for public keys, each response is for one request only, so clients and proxies must not cache responses. */
const HEADERS = { 'cache-control': 'no-store' };

/** Public keys change rarely, and a new key must be published before it signs. */
const PUBLIC_HEADERS = { 'cache-control': 'public, max-age=300' };

/** Headers for certain statuses: RFC 9110 §10.2.1, §15.5.9 and §10.2.3. */
const STATUS_HEADERS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  405: { allow: 'POST' },
  408: { connection: 'close' },
  503: { 'retry-after': '1' },
};

export function success(status: 200 | 201, body: object): Answer {
  return { status, headers: HEADERS, body };
}

/** Creates a response that clients and proxies may cache for five minutes. */
export function publicly(body: object): Answer {
  return { status: 200, headers: PUBLIC_HEADERS, body };
}

/** @param allowed The methods that the route allows */
export function methodNotAllowed(allowed: string): Answer {
  const code: RejectionCode = 'method_not_allowed';
  return { status: STATUS[code], headers: { ...HEADERS, allow: allowed }, body: { error: code } };
}

/**
 * Creates the response to a rejected request. The client receives only the code. `onDecision` receives the full reason.
 *
 * @param retryAfter Seconds until the client may try again; `undefined` if unknown
 */
export function refusal(route: Route, code: RejectionCode, retryAfter?: number): Answer {
  const status = STATUS[code];
  const headers = {
    ...HEADERS,
    ...STATUS_HEADERS[status],
    ...(status === 401 && { 'www-authenticate': schemeOf(route, code) }),
    ...(retryAfter !== undefined && retryIn(retryAfter)),
  };
  return { status, headers, body: { error: code } };
}

/** RFC 9110 §11.6.1. For tokens, RFC 6750 §3 requires a parameter, and no error if the request has no token. */
function schemeOf(route: Route, code: RejectionCode): string {
  if (route !== 'protectedWithSession') return 'AppAttest';
  const realm = 'Bearer realm="app-attest"';
  return code === 'session_missing' || code === 'subject_missing' ? realm : `${realm}, error="invalid_token"`;
}

/** The header allows only whole seconds (RFC 9110 §10.2.3). */
function retryIn(seconds: number): Record<string, string> {
  return { 'retry-after': String(Math.max(1, Math.ceil(seconds))) };
}

export function toResponse({ status, headers, body }: Answer): Response {
  const contentType = { 'content-type': 'application/json' };
  return new Response(JSON.stringify(body), { status, headers: { ...contentType, ...headers } });
}
