import { AppAttestClientError, detailsOf } from './client-error.js';
import type { ClientSettings } from './client-options.js';
import { inTime, throwIfAborted } from './waiting.js';

/** Reads a response. This must end within the time limit of the request. */
export type ReadResponse<Value> = (response: Response) => Promise<Value>;

/** Returns the response of the application to the app, with its body unread. */
export async function asItIs(response: Response): Promise<Response> {
  return response;
}

/**
 * Sends one request once.
 *
 * @throws AppAttestClientError `network`, `redirected`, `rejected`, and those of `read`
 */
export async function exchange<Value>(
  settings: ClientSettings,
  url: string,
  init: RequestInit,
  read: ReadResponse<Value>,
  signal?: AbortSignal,
): Promise<Value> {
  throwIfAborted(signal);
  const controller = new AbortController();
  const abort = () => controller.abort(signal?.reason);
  // The listener stays after the response, so that the signal also aborts the body of the response.
  signal?.addEventListener('abort', abort);
  const receive = async () => {
    const response = await settings.fetch(url, { ...init, redirect: 'manual', signal: controller.signal });
    // The status of a redirect is 0 in a browser engine. React Native follows redirects even with `manual`.
    if (response.redirected || /^(0|30[12378])$/.test(`${response.status}`)) {
      throw new AppAttestClientError('redirected', url, { response });
    }
    const serverCode = await codeOf(response);
    const retryAfter = retryAfterOf(response, serverCode);
    if (!serverCode && !retryAfter) return read(response);
    throw new AppAttestClientError('rejected', serverCode ?? response.status, { serverCode, response, retryAfter });
  };
  try {
    // The client stops waiting even if a replacement of fetch ignores the signal. Otherwise, all later requests would wait forever.
    return await inTime(settings, receive);
  } catch (cause) {
    throwIfAborted(signal);
    if (detailsOf(cause).code) throw cause;
    abort();
    throw new AppAttestClientError('network', cause, { cause });
  }
}

/**
 * Returns the code in a rejection by the handlers of this package, or `undefined` for a response of the application. The handlers
 * send a body that contains only the code, and `Cache-Control: no-store`. A page on another origin can read this header. The body
 * stays unread, so that the app can read it.
 */
async function codeOf(response: Response): Promise<string | undefined> {
  if (response.ok || response.headers.get('cache-control') !== 'no-store') return undefined;
  return /^\{\s*"error":\s*"(\w+)"\s*\}$/.exec(await response.clone().text())?.[1];
}

/**
 * Returns the time in `Retry-After` of a response with status 503 or 429, in seconds, at least one second. The header contains a
 * number or a date (RFC 9110 §10.2.3). A page on another origin cannot read this header unless the server exposes it. So if the
 * header is missing, the time is one second for the codes `unavailable` and `overloaded`.
 */
function retryAfterOf({ status, headers }: Response, serverCode: string | undefined): number | undefined {
  const value = headers.get('retry-after') ?? (/^(unavailable|overloaded)$/.test(`${serverCode}`) && '1');
  if (!value || (status !== 503 && status !== 429)) return undefined;
  return Math.max(1, Number(value) || (Date.parse(value) - Date.now()) / 1000 || 1);
}

/**
 * Sends JSON to a route for App Attest. Returns the JSON of the response, which has text in the property `field`.
 *
 * @throws AppAttestClientError `network`, `redirected`, `rejected`, `unexpected_response`
 */
export function postJson<Field extends string>(
  settings: ClientSettings,
  path: string,
  json: object,
  field: Field,
): Promise<JsonWith<Field>> {
  const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(json) };
  return exchange(settings, settings.baseUrl + path, init, readJson(field));
}

/** A JSON object with text in the property `Field`. */
export type JsonWith<Field extends string> = Readonly<Record<Field, string>> & Readonly<Record<string, unknown>>;

/**
 * Creates a function that reads a JSON object with text in the property `field`. If the text is missing, the function throws an
 * AppAttestClientError `unexpected_response`. If the body is incomplete or not JSON, the error of the JSON parser makes `exchange`
 * throw `network`.
 */
export function readJson<Field extends string>(field: Field): ReadResponse<JsonWith<Field>> {
  return async (response) => {
    const json: JsonWith<Field> = Object(response.ok && (await response.json()));
    if (typeof json[field] === 'string') return json;
    throw new AppAttestClientError('unexpected_response', `no ${field}: ${response.status}`, { response });
  };
}
