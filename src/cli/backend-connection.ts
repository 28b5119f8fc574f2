/** An HTTP request to the backend. */
export interface BackendRequest {
  readonly method: string;
  /** The path and the query. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

/** The response of the backend. */
export interface BackendResponse {
  readonly status: number;
  /** The start of the body, as text. */
  readonly body: string;
}

/**
 * There is no response. For example, the backend is not running or ended the connection, or the request could not be
 * sent.
 */
export class NoResponseError extends Error {
  override readonly name = 'NoResponseError';
}

/** The time limit for a response, in milliseconds. */
const TIMEOUT = 30_000;
const MAX_BODY_LENGTH = 65_536;

/** Sends requests to one backend, and to no other host. */
export class BackendConnection {
  readonly #url: URL;
  readonly #headers: readonly (readonly [string, string])[];
  readonly #signal: AbortSignal;

  /** @param headers Headers of all requests */
  constructor(url: URL, headers: readonly (readonly [string, string])[], signal: AbortSignal) {
    this.#url = url;
    this.#headers = headers;
    this.#signal = signal;
  }

  /** Returns the path of the backend's URL, without its trailing slash, followed by `path`. */
  target(path: string): string {
    return this.#url.pathname.replace(/\/$/, '') + path;
  }

  /** @throws NoResponseError */
  async send({ method, target, headers = {}, body }: BackendRequest): Promise<BackendResponse> {
    const all = new Headers();
    for (const [name, value] of [...this.#headers, ...Object.entries(headers)]) setHeader(all, name, value);
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(TIMEOUT)]);
    try {
      const response = await fetch(this.#url.origin + target, {
        method,
        headers: all,
        redirect: 'manual',
        signal,
        ...(body !== undefined && { body }),
      });
      return { status: response.status, body: await startOf(response) };
    } catch (error) {
      this.#signal.throwIfAborted();
      throw new NoResponseError(`no response from ${this.#url.origin}${target}: ${reasonOf(error)}`);
    }
  }
}

/** @throws NoResponseError if the backend issued a challenge that no header can contain */
function setHeader(headers: Headers, name: string, value: string): void {
  try {
    headers.set(name, value);
  } catch {
    throw new NoResponseError(`no request was sent: the value of ${name} cannot be sent as a header`);
  }
}

async function startOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= MAX_BODY_LENGTH) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_BODY_LENGTH).toString();
}

/** The message of `fetch` is always "fetch failed". Its cause has a code, such as ECONNREFUSED. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : cause.message;
  return error.message;
}
