import { AppAttestError, shortText } from '../errors.js';
import { assertOptions } from '../options.js';
import { readTimeLimit } from '../runtime/time-limit.js';
import type { AppAttest } from '../server/create-app-attest.js';
import type { ReadLimits } from './read-bytes.js';
import type { OnReject } from './rejection.js';

/** The names of the headers that carry an assertion. */
export interface HeaderNames {
  /** The key identifier, base64 or base64url. `X-App-Attest-Key-Id` by default. */
  keyId?: string;
  /** The assertion object, base64 or base64url. `X-App-Attest-Assertion` by default. */
  assertion?: string;
  /** The challenge, as it was issued. `X-App-Attest-Challenge` by default. Only read where the request is signed. */
  challenge?: string;
}

/**
 * What a client signs:
 *
 * - `'body'`: the raw bytes of the body, with the challenge in them. Path and query are not protected: who holds up a
 *   request on its way can send it to another route.
 * - `'request'`: the bytes `METHOD SP target LF challenge LF body`. The method is in capitals; the target is path and
 *   query as they stand in the request line; the challenge is the issued text, which the header carries too; SP and LF
 *   are the bytes 0x20 and 0x0A; the body's bytes end it, none where there is no body.
 */
export type Signed = 'body' | 'request';

/** How routes read requests. `Context` is the request of the framework. */
export interface HttpOptions<Context> {
  /** What a client signs, on every route that is protected with these options. `'body'` by default. */
  signed?: Signed;
  /**
   * Whom the server takes the request to come from: an account, a session. Challenges, keys and requests are then tied
   * to it. Where the function is given and finds nobody, the request is refused.
   */
  subject?: (request: Context) => string | undefined | Promise<string | undefined>;
  /** Hears of each refusal, for logs and metrics. Nothing waits for it, and its failure changes no answer. */
  onReject?: OnReject;
  headers?: HeaderNames;
  /** The longest body of a protected request, in bytes. 1 MiB by default. */
  bodyLimit?: number;
  /** The longest body of a registration, in bytes. 128 KiB by default: an attestation is at most 64 KiB before base64. */
  registrationLimit?: number;
  /** How long a body may take to arrive, in seconds, at most 2147483. 30 by default. */
  bodyTimeout?: number;
  /**
   * The target that the client signed, from the one that arrived, where a proxy in front of the server rewrites paths.
   *
   * @example
   * ```ts
   * publicTarget: (target) => `/api${target}`
   * ```
   */
  publicTarget?: (target: string) => string;
}

/** Options whose form has been checked. */
export interface HttpConfiguration<Context> {
  readonly appAttest: AppAttest;
  readonly signed: Signed;
  readonly subject: HttpOptions<Context>['subject'];
  readonly onReject: OnReject | undefined;
  /** In lower case. */
  readonly headers: Readonly<Required<HeaderNames>>;
  readonly challengeLimits: ReadLimits;
  readonly registrationLimits: ReadLimits;
  readonly protectedLimits: ReadLimits;
  readonly publicTarget: (target: string) => string;
}

const KNOWN: ReadonlySet<string> = new Set<keyof HttpOptions<unknown>>([
  'signed',
  'subject',
  'onReject',
  'headers',
  'bodyLimit',
  'registrationLimit',
  'bodyTimeout',
  'publicTarget',
]);

const DEFAULT_HEADERS: Required<HeaderNames> = {
  keyId: 'x-app-attest-key-id',
  assertion: 'x-app-attest-assertion',
  challenge: 'x-app-attest-challenge',
};

const CHALLENGE_LIMIT = 1024;
const MIB = 1 << 20;

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;

/**
 * Checks the options once, when the server starts.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readHttpOptions<Context>(
  appAttest: AppAttest,
  options: HttpOptions<Context> = {},
): HttpConfiguration<Context> {
  assertOptions(options);
  const unknown = Object.keys(options).find((name) => !KNOWN.has(name));
  if (unknown !== undefined) throw invalid(`there is no option ${shortText(unknown)}`);
  if (typeof appAttest?.authenticate !== 'function') throw invalid('appAttest must come from createAppAttest');

  const { signed = 'body', bodyTimeout = 30, bodyLimit = MIB, registrationLimit = MIB / 8 } = options;
  if (signed !== 'body' && signed !== 'request') throw invalid("signed must be 'body' or 'request'");
  assertFunction('subject', options.subject);
  assertFunction('onReject', options.onReject);
  assertFunction('publicTarget', options.publicTarget);
  const timeout = readTimeLimit('bodyTimeout', bodyTimeout);
  assertPositive('bodyLimit', bodyLimit);
  assertPositive('registrationLimit', registrationLimit);
  const limits = (length: number): ReadLimits => ({ length, timeout });
  return {
    appAttest,
    signed,
    subject: options.subject,
    onReject: options.onReject,
    headers: readHeaderNames(options.headers),
    challengeLimits: limits(CHALLENGE_LIMIT),
    registrationLimits: limits(registrationLimit),
    protectedLimits: limits(bodyLimit),
    publicTarget: options.publicTarget ?? ((target) => target),
  };
}

function readHeaderNames(names: HeaderNames = {}): Required<HeaderNames> {
  assertOptions(names);
  const read = (role: keyof HeaderNames): string => {
    const name = (names[role] ?? DEFAULT_HEADERS[role]).toLowerCase();
    if (TOKEN.test(name)) return name;
    throw invalid(`headers.${role} must be the name of a header`);
  };
  const headers = { keyId: read('keyId'), assertion: read('assertion'), challenge: read('challenge') };
  if (new Set(Object.values(headers)).size === 3) return headers;
  throw invalid('headers must be three different names');
}

function assertFunction(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return;
  throw invalid(`${name} must be a function`);
}

function assertPositive(name: string, value: number): void {
  if (typeof value === 'number' && value > 0 && value <= Number.MAX_SAFE_INTEGER) return;
  throw invalid(`${name} must be a positive number`);
}

function invalid(message: string): AppAttestError {
  return new AppAttestError('invalid_argument', message);
}
