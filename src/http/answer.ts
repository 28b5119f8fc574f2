import { type RejectionCode, STATUS } from './status.js';

/** The JSON answer of a route, independent of the framework that sends it. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

/** A challenge or a rejection applies to one request, so nothing may cache it. */
const HEADERS = { 'cache-control': 'no-store' };

/** Headers that a status requires: RFC 9110 §11.6.1, §10.2.1 and §10.2.3, and §15.5.9. */
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
 * An answer with the code and nothing else. The reason goes to `onDecision`.
 *
 * @param retryAfter Seconds until the client may try again, if the server knows
 */
export function refusal(code: RejectionCode, retryAfter?: number): Answer {
  const status = STATUS[code];
  const headers = { ...HEADERS, ...STATUS_HEADERS[status], ...(retryAfter !== undefined && retryIn(retryAfter)) };
  return { status, headers, body: { error: code } };
}

/** Whole seconds (RFC 9110 §10.2.3). */
function retryIn(seconds: number): Record<string, string> {
  return { 'retry-after': String(Math.max(1, Math.ceil(seconds))) };
}

export function toResponse({ status, headers, body }: Answer): Response {
  const contentType = { 'content-type': 'application/json' };
  return new Response(JSON.stringify(body), { status, headers: { ...contentType, ...headers } });
}
