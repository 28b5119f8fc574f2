import { AppAttestClientError } from './client-error.js';
import type { ClientSettings } from './client-options.js';
import { throwIfAborted } from './waiting.js';

/**
 * Sends one request once.
 *
 * @throws AppAttestClientError `network`, `redirected`, `rejected`
 */
export async function exchange(
  settings: ClientSettings,
  url: string,
  init: RequestInit,
  signal?: AbortSignal,
): Promise<Response> {
  throwIfAborted(signal);
  const controller = new AbortController();
  // The listener stays after the response, so that the signal also aborts the body of the response.
  signal?.addEventListener('abort', () => controller.abort(signal.reason), { once: true });
  const timer = setTimeout(() => controller.abort(), settings.timeout * 1000);
  const response = await settings
    .fetch(url, { ...init, redirect: 'manual', signal: controller.signal })
    .catch((cause: unknown) => {
      throwIfAborted(signal);
      throw new AppAttestClientError('network', 'no response', { cause });
    })
    .finally(() => clearTimeout(timer));
  // A browser engine hides the status of a redirect. React Native follows redirects regardless of the option.
  if (response.type === 'opaqueredirect' || response.redirected || /^30[12378]$/.test(String(response.status))) {
    throw new AppAttestClientError('redirected', 'the server redirects', { response });
  }
  const serverCode = response.ok ? undefined : await codeOf(response);
  const retryAfter = retryAfterOf(response, serverCode);
  if (serverCode === undefined && retryAfter === undefined) return response;
  const message = `the server rejects: ${serverCode ?? response.status}`;
  throw new AppAttestClientError('rejected', message, { serverCode, response, retryAfter });
}

/**
 * Returns the code in a response of the handlers of this package, or `undefined` for a response of the application. The handlers
 * send `Cache-Control: no-store`, which a page on another origin can read.
 */
async function codeOf(response: Response): Promise<string | undefined> {
  if (response.headers.get('cache-control') !== 'no-store') return undefined;
  const { error }: { error?: unknown } = Object(await parsed(response));
  return typeof error === 'string' ? error : undefined;
}

/** Parses the body, and leaves it unread for the app. Returns `undefined` if it is not JSON. */
function parsed(response: Response): Promise<unknown> {
  return response
    .clone()
    .json()
    .catch(() => undefined);
}

/**
 * Seconds until the server wants to be asked again. A page on another origin cannot read `Retry-After` unless the server exposes
 * it, so a status 503 of the handlers means one second. A date as the value also means one second.
 */
function retryAfterOf({ status, headers }: Response, serverCode: string | undefined): number | undefined {
  if (status !== 503 && status !== 429) return undefined;
  const value = headers.get('retry-after') ?? (serverCode && '1');
  return value ? Number(value) || 1 : undefined;
}

/**
 * Sends JSON to a route for App Attest. Returns the JSON of the response, which contains text in `field`.
 *
 * @throws AppAttestClientError `network`, `redirected`, `rejected`, `unexpected_response`
 */
export async function postJson(
  settings: ClientSettings,
  path: string,
  json: object,
  field: string,
): Promise<Readonly<Record<string, unknown>>> {
  const headers = { 'Content-Type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify(json) };
  return readJson(await exchange(settings, settings.baseUrl + path, init), field);
}

/** @throws AppAttestClientError `unexpected_response` */
export async function readJson(response: Response, field: string): Promise<Readonly<Record<string, unknown>>> {
  const json: Readonly<Record<string, unknown>> = Object(await parsed(response));
  if (response.ok && typeof json[field] === 'string') return json;
  throw new AppAttestClientError('unexpected_response', `no ${field}: ${response.status}`, { response });
}

/** Creates the error for a request that the server may have carried out. */
export function answerLost(cause: AppAttestClientError): AppAttestClientError {
  return new AppAttestClientError('answer_lost', 'no response', { ...cause, cause });
}
