import { type RejectionCode, STATUS } from './status.js';

/** What a route answers, whatever framework sends it: JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

/** Neither a challenge nor a refusal holds for the next request. */
const HEADERS = { 'cache-control': 'no-store' };

/** What a status asks for beside the code: RFC 9110 §11.6.1, §10.2.1 and §10.2.3, and §15.5.9. */
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
 * The code and nothing else: the reason is for `onReject`.
 *
 * @param retryAfter Seconds, where the server knows when to try again
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
