import { setTimeout as wait } from 'node:timers/promises';
import type { Environment } from '../../environment.js';
import { readKnownOptions } from '../../options/known-options.js';
import { type DeviceCheckKey, isTokenAccepted } from './device-check-token.js';
import { type ListeningServer, listen } from './loopback-server.js';
import type { ReceiptService } from './receipt-service.js';

/** Options of {@link VirtualApple.receiptEndpoint}. */
export interface ReceiptEndpointOptions {
  /** The keys whose tokens are accepted. Without them any token of the right form is, whoever signed it. */
  keys?: readonly DeviceCheckKey[];
}

/** An answer that the endpoint gives once, in place of its own. */
export interface EndpointAnswer {
  /** For example 429, 500 or 503; what the endpoint itself would say where it is missing. */
  status?: number | undefined;
  /** Seconds, sent as `Retry-After`. */
  retryAfter?: number | undefined;
  /** Sent as it is. */
  body?: string | undefined;
  /** Milliseconds to wait before the answer. */
  delay?: number | undefined;
}

/** A request that the endpoint answered. */
export interface EndpointRequest {
  url: string;
  authorization: string | null;
  body: string;
  /** What was answered. */
  status: number;
}

/**
 * Apple's side of a receipt refresh: a function to be used in place of `fetch`, which can also listen on a loopback
 * address. It answers 200 and the base64 of a new receipt, 304 to a receipt that is too young, 400 to what is no receipt
 * of this virtual Apple, 401 to a wrong token, and 404 to a receipt of the other environment.
 */
export interface ReceiptEndpoint {
  (input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** The requests so far, oldest first. */
  readonly requests: readonly EndpointRequest[];
  /** Answers the next request with this; several calls line up. */
  answerNext(answer: EndpointAnswer): void;
  /** Serves HTTP on a free port of 127.0.0.1, as the endpoint of one environment, `'production'` by default. */
  listen(environment?: Environment): Promise<ListeningServer>;
}

const PATH = '/v1/attestationData';
const ENVIRONMENTS: ReadonlyMap<string, Environment> = new Map([
  ['data.appattest.apple.com', 'production'],
  ['data-development.appattest.apple.com', 'development'],
]);
/** The statuses that a `Response` must have no body with. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** @internal */
export function createReceiptEndpoint(
  receipts: ReceiptService,
  now: () => Date,
  options: ReceiptEndpointOptions,
): ReceiptEndpoint {
  // Keys that were looked up and not found must not turn into any key.
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
