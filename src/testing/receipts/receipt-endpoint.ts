import { setTimeout as wait } from 'node:timers/promises';
import type { Environment } from '../../options/environment.js';
import { readKnownOptions } from '../../options/known-options.js';
import { type DeviceCheckKey, isTokenAccepted } from './device-check-token.js';
import { type ListeningServer, listen } from './loopback-server.js';
import type { ReceiptService } from './receipt-service.js';

/** Options of {@link VirtualApple.receiptEndpoint}. */
export interface ReceiptEndpointOptions {
  /**
   * The keys whose tokens are accepted. Without `keys`, the endpoint does not check the key and the signature of a token.
   */
  keys?: readonly DeviceCheckKey[];
}

/** Values that replace parts of the endpoint's own response, for one request. */
export interface EndpointAnswer {
  /** The status, for example 429, 500 or 503. By default, the endpoint's own status. */
  status?: number | undefined;
  /** The header `Retry-After`, in seconds. */
  retryAfter?: number | undefined;
  /** The body. By default, the endpoint's own body, or an empty body if `status` is set. */
  body?: string | undefined;
  /** How long the endpoint waits before it responds, in milliseconds. */
  delay?: number | undefined;
}

/** A request that the endpoint received, with the status of the response. */
export interface EndpointRequest {
  /** The URL of the request. */
  url: string;
  /** The header `Authorization`, or `null` if the request had none. */
  authorization: string | null;
  /** The receipt in the request, base64. */
  body: string;
  /** The status of the response. */
  status: number;
}

/**
 * A fake of Apple's receipt server. It is a function that you can pass to `refreshReceipt` as `fetch`. It can also listen on
 * a loopback address. The statuses of its responses are:
 *
 * - 200: the body is the base64 of a new receipt
 * - 304: the receipt is too new to be exchanged
 * - 400: this virtual Apple did not issue the receipt
 * - 401: the token is wrong
 * - 404: the receipt belongs to the other environment, or the URL is not the URL of a receipt server
 * - 405: the method is not POST
 */
export interface ReceiptEndpoint {
  (input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** All requests to which the endpoint has responded, in the order of the responses. */
  readonly requests: readonly EndpointRequest[];
  /** Changes the response to the next request. If you call it several times, each call applies to one request, in order. */
  answerNext(answer: EndpointAnswer): void;
  /** Serves HTTP on a free port of 127.0.0.1, as the endpoint of one environment. `'production'` by default. */
  listen(environment?: Environment): Promise<ListeningServer>;
}

const PATH = '/v1/attestationData';
const ENVIRONMENTS: ReadonlyMap<string, Environment> = new Map([
  ['data.appattest.apple.com', 'production'],
  ['data-development.appattest.apple.com', 'development'],
]);
/** A `Response` with one of these statuses must not have a body. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** @internal */
export function createReceiptEndpoint(
  receipts: ReceiptService,
  now: () => Date,
  options: ReceiptEndpointOptions,
): ReceiptEndpoint {
  // `keys: undefined` is an error. Otherwise, the endpoint would accept every token in a test that looks up its keys and
  // finds none.
  const { keys } = readKnownOptions<ReceiptEndpointOptions>('receiptEndpoint', options, { keys: 'never undefined' });
  const requests: EndpointRequest[] = [];
  const answers: EndpointAnswer[] = [];

  const answer = async (request: Request, environment: Environment | undefined): Promise<Response> => {
    const body = await request.text();
    const told = answers.shift() ?? {};
    if (told.delay !== undefined) await wait(told.delay, undefined, { signal: request.signal });

    const own = told.status === undefined ? await exchange(request, body, environment) : { status: told.status };
    requests.push({
      url: request.url,
      authorization: request.headers.get('authorization'),
      body,
      status: own.status,
    });
    return new Response(WITHOUT_BODY.has(own.status) ? null : (told.body ?? own.body ?? ''), {
      status: own.status,
      headers: told.retryAfter === undefined ? {} : { 'retry-after': String(told.retryAfter) },
    });
  };

  const exchange = async (
    request: Request,
    body: string,
    environment: Environment | undefined,
  ): Promise<{ status: number; body?: string }> => {
    if (environment === undefined || new URL(request.url).pathname !== PATH) return { status: 404 };
    if (request.method !== 'POST') return { status: 405 };

    const receipt = receipts.find(body);
    if (!receipt) return { status: 400 };
    const { appId } = receipt.subject;
    if (!(await isTokenAccepted(request.headers.get('authorization'), appId, keys, now()))) return { status: 401 };
    if (receipt.subject.environment !== environment) return { status: 404 };
    if (receipt.refreshableFrom && now() < receipt.refreshableFrom) return { status: 304 };
    return { status: 200, body: Buffer.from(await receipts.refresh(receipt)).toString('base64') };
  };

  return Object.assign(
    (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
      const request = new Request(input, init);
      return answer(request, ENVIRONMENTS.get(new URL(request.url).hostname));
    },
    {
      requests,
      answerNext: (told: EndpointAnswer): void => {
        answers.push(
          readKnownOptions<EndpointAnswer>('answerNext', told, {
            status: 'may be undefined',
            retryAfter: 'may be undefined',
            body: 'may be undefined',
            delay: 'may be undefined',
          }),
        );
      },
      listen: (environment: Environment = 'production'): Promise<ListeningServer> => {
        return listen(PATH, (request) => answer(request, environment));
      },
    },
  );
}
