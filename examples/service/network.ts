import { type Answer, readAnswer } from './answer.js';

/** A request on its way from the app to the service. */
export interface SentRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: RequestInit['body'];
}

/**
 * The network between the app and the service. TLS protects it. Here, the attacker owns the phone, and has installed a root
 * certificate on it. So the attacker can read each request, change it and send it again.
 */
export class Network {
  readonly #isHostile: boolean;
  #heard: SentRequest | undefined;
  #change: ((request: SentRequest) => Partial<SentRequest>) | undefined;

  /** @param isHostile Whether the app itself belongs to the attacker */
  constructor(isHostile: boolean) {
    this.#isHostile = isHostile;
  }

  /** The option `fetch` of the client. */
  readonly carry = (url: string, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers);
    const request = { url, method: init.method ?? 'GET', headers, body: init.body };
    if (this.#isHostile) return fetchAsAttacker(request);
    // The requests for challenges and registrations prove nothing yet.
    const isProof = headers.has('X-App-Attest-Assertion') || headers.has('Authorization');
    if (!isProof) return fetch(url, init);
    this.#heard = request;
    const changed = this.#change?.(request);
    this.#change = undefined;
    return changed ? fetchAsAttacker({ ...request, ...changed }) : fetch(url, init);
  };

  /** The last request that the attacker read: a signed request, or one with a session token. */
  get heard(): SentRequest {
    if (!this.#heard) throw new Error('the app has not sent a request yet');
    return this.#heard;
  }

  /** Lets the attacker change the next signed request. */
  changeNext(change: (request: SentRequest) => Partial<SentRequest>): void {
    this.#change = change;
  }
}

/** Sends a request that does not come from the app. */
export async function sendAsAttacker(request: SentRequest): Promise<Answer> {
  return readAnswer(await fetchAsAttacker(request));
}

function fetchAsAttacker({ url, method, headers: passed, body }: SentRequest): Promise<Response> {
  const headers = new Headers(passed);
  // Only for the drawing. The service decides without this header.
  headers.set('X-Example-Sender', 'attacker');
  return fetch(url, { method, headers, redirect: 'manual', ...(body && { body }) });
}
