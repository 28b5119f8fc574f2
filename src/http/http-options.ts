import { AppAttestError } from '../errors.js';
import { type KnownOptions, readKnownOptions } from '../options/known-options.js';
import { isAsynchronous } from '../runtime/asynchronous.js';
import { readTimeLimit } from '../runtime/time-limit.js';
import type { AppAttest } from '../server/app-attest.js';
import type { AcceptedEvidence } from '../server/formats.js';
import type { Sessions } from '../session/session.js';
import type { OnDecision } from './decision.js';
import { KeyLookUps } from './key-look-ups.js';
import { isMode, type Mode, type ModeOption } from './mode.js';
import type { ReadLimits } from './read-bytes.js';
import type { WaitUntil } from './wait-until.js';

/** The names of the headers of a protected request. */
export interface HeaderNames {
  /** The key identifier, base64 or base64url. `X-App-Attest-Key-Id` by default. */
  keyId?: string | undefined;
  /** The assertion object, base64 or base64url. `X-App-Attest-Assertion` by default. */
  assertion?: string | undefined;
  /** The issued challenge. `X-App-Attest-Challenge` by default. Used only with `signed: 'request'`. */
  challenge?: string | undefined;
}

/**
 * What a client signs:
 *
 * - `'request'`: the UTF-8 bytes of `METHOD SP target LF challenge LF content-digest`. SP is the byte 0x20 and LF is 0x0A.
 *   - The method is in upper case.
 *   - The target is the path and query exactly as in the request line.
 *   - The challenge is the issued text. The client also sends the challenge in a header.
 *   - `content-digest` is the value of the header `Content-Digest` (RFC 9530). If the request has no body, the header may be
 *     absent. `content-digest` is then the digest of zero bytes.
 *
 *   If the assertion is in the headers, the server verifies the signature before it reads the body. If the body is the JSON of
 *   the Capacitor plugin, its field `payload` is the signed text, with the content of the request in place of `content-digest`.
 * - `'body'`: the raw bytes of the body, or the field `payload` of the plugin's JSON. The signed bytes contain the challenge. The
 *   signature does not cover the method, the path or the query. An attacker who intercepts a request can therefore send it to
 *   another route.
 */
export type Signed = 'request' | 'body';

/**
 * Options of the handlers. `Context` is the type of the framework's request. `Chosen` is the type of all modes that `mode` can
 * choose. `Chosen` determines the type of the verdict in protected handlers.
 */
export interface HttpOptions<Context, Chosen extends Mode = 'enforce'> {
  /** What a client signs. The option applies to all protected routes of these handlers. `'request'` by default. */
  signed?: Signed | undefined;
  /**
   * Returns the user (account, session) that sent the request. The server then issues challenges for this user, registers
   * keys for this user, and accepts only keys and session tokens of this user. If the function returns `undefined`, the
   * request is rejected.
   */
  subject?: (request: Context) => string | undefined | Promise<string | undefined>;
  /**
   * The treatment of a protected request that is not attested. `'enforce'`, the default, rejects the request. `'report'` lets
   * the request through. A function chooses the mode of each request, for example by the version of the app or the key
   * identifier. For routes with different modes, call the function that creates the handlers once for each mode. Do not choose
   * the mode by the path, because a client can write the same path in different ways. The handlers `challenge`, `registration`,
   * `assertion` and `session` always enforce.
   *
   * @example
   * ```ts
   * mode: (request) => (Number(request.headers.get('x-app-build')) >= 1200 ? 'enforce' : 'report')
   * ```
   */
  mode?: ModeOption<Context, Chosen> | undefined;
  /**
   * Called for each decision. In Express and Fastify, the call follows the response. In Hono and Fetch, the call follows 20 ms
   * after the decision. Use it for logs and metrics.
   */
  onDecision?: OnDecision<Context> | undefined;
  /**
   * Receives a promise that settles after `onDecision`. Some hosts stop a process after its response, and `onDecision` is then
   * never called. Pass the function with which your host waits for promises: `waitUntil` of `cloudflare:workers`, or
   * `EdgeRuntime.waitUntil` of Supabase. In a Worker with Hono, `waitUntil` of the execution context is the default.
   *
   * @example
   * ```ts
   * import { waitUntil } from 'cloudflare:workers';
   * const { protect } = httpHandlers(appAttest, { onDecision, waitUntil });
   * ```
   */
  waitUntil?: WaitUntil | undefined;
  /**
   * Whether the decision about a protected request, or about a request for a session, contains the registered key even if the
   * request was not accepted. The handlers then read the key from the store once more. `false` by default, because an attacker
   * chooses the key identifier and could cause many queries. At most 32 of these queries are in progress at the same time.
   * Further decisions have no key.
   */
  lookUpKeys?: boolean | undefined;
  /**
   * Whether the decision about evidence that was not accepted contains a `Capsule`: the data with which the decision can be
   * repeated. `false` by default, because a capsule contains the signed payload, which may be personal data. For an assertion,
   * the handlers also read the key once more, as with `lookUpKeys`.
   */
  capsules?: boolean | undefined;
  /**
   * The result of `createSessions` of `app-attest/session`. The handlers `session`, `jwks` and `protectWithSession` then exist
   * too.
   */
  sessions?: Sessions;
  /** The names of the headers of a protected request, if they differ from the defaults. */
  headers?: HeaderNames | undefined;
  /** The maximum length of the body of a protected request, in bytes. 1 MiB by default. */
  bodyLimit?: number | undefined;
  /**
   * The maximum length of the body of a registration, in bytes. 128 KiB by default, which is enough for the longest
   * attestation (64 KiB) in base64.
   */
  registrationLimit?: number | undefined;
  /**
   * The maximum memory for all bodies that these handlers read at the same time, in bytes. The minimum is four times the larger
   * of `bodyLimit` and `registrationLimit`, and at least 4 KiB. The default is 64 MiB, or the minimum if that is larger.
   *
   * The budget has four equal parts: one for challenge requests, one for registrations, and two for protected requests. For
   * protected requests, one part is for bodies that are read before the assertion is verified. The other part is for bodies
   * that are read afterwards. If a part is exhausted, the response is 503 with `Retry-After`.
   */
  bodyBudget?: number | undefined;
  /** The maximum time for a body to arrive, in seconds. 30 by default, at most 2 147 483. */
  bodyTimeout?: number | undefined;
  /**
   * The maximum time for each of these steps, in seconds: the verification with its calls to the stores, the function `subject`,
   * and the function `revokedBefore` of the sessions. 10 by default, at most 2 147 483. If a step takes longer, the response
   * is 503.
   */
  decisionTimeout?: number | undefined;
  /**
   * Converts the target that the server received into the target that the client signed. Use it if a proxy in front of the
   * server rewrites paths.
   *
   * @example
   * ```ts
   * publicTarget: (target) => `/api${target}`
   * ```
   */
  publicTarget?: ((target: string) => string) | undefined;
}

/** The option that adds the handlers for sessions. */
export interface WithSessions {
  /** The result of `createSessions` of `app-attest/session`. */
  sessions: Sessions;
}

/** Checked options. */
export interface HttpConfiguration<Context> {
  readonly appAttest: AppAttest<AcceptedEvidence>;
  readonly signed: Signed;
  readonly subject: HttpOptions<Context>['subject'];
  readonly mode: ModeOption<Context>;
  readonly onDecision: OnDecision<Context> | undefined;
  readonly waitUntil: WaitUntil | undefined;
  readonly lookUpKeys: boolean;
  readonly lookUps: KeyLookUps;
  readonly capsules: boolean;
  readonly sessions: Sessions | undefined;
  readonly headers: Readonly<Record<keyof HeaderNames, string>>;
  readonly challengeLimits: ReadLimits;
  readonly registrationLimits: ReadLimits;
  readonly protectedLimits: ReadLimits;
  /** Bytes. */
  readonly bodyBudget: number;
  /** Seconds. */
  readonly decisionTimeout: number;
  readonly publicTarget: (target: string) => string;
}

const OPTIONS: KnownOptions<HttpOptions<unknown, Mode>> = {
  signed: 'may be undefined',
  subject: 'never undefined',
  mode: 'may be undefined',
  onDecision: 'may be undefined',
  waitUntil: 'may be undefined',
  lookUpKeys: 'may be undefined',
  capsules: 'may be undefined',
  sessions: 'never undefined',
  headers: 'may be undefined',
  bodyLimit: 'may be undefined',
  registrationLimit: 'may be undefined',
  bodyBudget: 'may be undefined',
  bodyTimeout: 'may be undefined',
  decisionTimeout: 'may be undefined',
  publicTarget: 'may be undefined',
};

const HEADERS: KnownOptions<HeaderNames> = {
  keyId: 'may be undefined',
  assertion: 'may be undefined',
  challenge: 'may be undefined',
};

const CHALLENGE_LIMIT = 1024;
const MIB = 1 << 20;

/** The syntax of a header name (RFC 9110 §5.6.2). */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/i;

/**
 * Checks the options once, at server start.
 *
 * @param caller The name of the function that received the options, for error messages
 * @throws AppAttestError `invalid_argument`
 */
export function readHttpOptions<Context>(
  caller: string,
  appAttest: AppAttest<AcceptedEvidence>,
  passed: HttpOptions<Context, Mode> = {},
): HttpConfiguration<Context> {
  const options = readKnownOptions<HttpOptions<Context, Mode>>(caller, passed, OPTIONS);
  if (typeof appAttest?.authenticate !== 'function') throw invalid('appAttest must be the result of createAppAttest');

  const { signed = 'request', mode = 'enforce', bodyTimeout = 30, decisionTimeout = 10 } = options;
  const { lookUpKeys = false, capsules = false } = options;
  const { bodyLimit = MIB, registrationLimit = MIB / 8 } = options;
  const { bodyBudget = Math.max(64 * MIB, 4 * bodyLimit, 4 * registrationLimit) } = options;
  if (signed !== 'body' && signed !== 'request') throw invalid("signed must be 'request' or 'body'");
  assertFunction('subject', options.subject);
  if (!isMode(mode) && typeof mode !== 'function') throw invalid("mode must be 'enforce', 'report' or a function");
  assertFunction('onDecision', options.onDecision);
  assertFunction('waitUntil', options.waitUntil);
  assertBoolean('lookUpKeys', lookUpKeys);
  assertBoolean('capsules', capsules);
  assertSessions(options.sessions);
  assertBytes('bodyLimit', bodyLimit);
  assertBytes('registrationLimit', registrationLimit);
  assertBytes('bodyBudget', bodyBudget);
  const timeout = readTimeLimit('bodyTimeout', bodyTimeout);
  if (bodyBudget < 4 * Math.max(bodyLimit, registrationLimit, CHALLENGE_LIMIT)) {
    throw invalid(
      'bodyBudget must be at least 4096 bytes and four times the larger of bodyLimit and registrationLimit',
    );
  }
  const decisionLimit = readTimeLimit('decisionTimeout', decisionTimeout);
  const limits = (length: number): ReadLimits => ({ length, timeout });
  return {
    appAttest,
    signed,
    subject: options.subject,
    mode,
    onDecision: options.onDecision,
    waitUntil: options.waitUntil,
    lookUpKeys,
    lookUps: new KeyLookUps(appAttest, decisionLimit),
    capsules,
    sessions: options.sessions,
    headers: readHeaderNames(caller, options.headers),
    challengeLimits: limits(CHALLENGE_LIMIT),
    registrationLimits: limits(registrationLimit),
    protectedLimits: limits(bodyLimit),
    bodyBudget,
    decisionTimeout: decisionLimit,
    publicTarget: readPublicTarget(options.publicTarget),
  };
}

function readHeaderNames(caller: string, names: HeaderNames = {}): HttpConfiguration<unknown>['headers'] {
  const {
    keyId = 'X-App-Attest-Key-Id',
    assertion = 'X-App-Attest-Assertion',
    challenge = 'X-App-Attest-Challenge',
  } = readKnownOptions(`headers of ${caller}`, names, HEADERS);
  const headers = { keyId, assertion, challenge };
  for (const [role, name] of Object.entries(headers)) {
    if (typeof name !== 'string' || !TOKEN.test(name)) throw invalid(`headers.${role} must be a valid header name`);
  }
  const different = new Set([...Object.values(headers), 'Content-Digest'].map((name) => name.toLowerCase()));
  if (different.size === 4) return headers;
  throw invalid('headers must have three different names, none of them Content-Digest');
}

/** Adds a check of the result to the function. Without the check, a promise would become the text `[object Promise]`. */
function readPublicTarget(publicTarget: (target: string) => string = (target) => target): (target: string) => string {
  assertFunction('publicTarget', publicTarget);
  return (target) => {
    const found: unknown = publicTarget(target);
    if (!isAsynchronous(found) && typeof found === 'string') return found;
    throw invalid('publicTarget must return text');
  };
}

function assertFunction(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return;
  throw invalid(`${name} must be a function`);
}

function assertBoolean(name: string, value: unknown): void {
  if (typeof value !== 'boolean') throw invalid(`${name} must be true or false`);
}

function assertSessions(sessions: Sessions | undefined): void {
  if (sessions === undefined) return;
  const methods: unknown[] = [sessions?.issue, sessions?.verify, sessions?.jwks];
  if (methods.every((method) => typeof method === 'function')) return;
  throw invalid('sessions must be the result of createSessions');
}

function assertBytes(name: string, value: number): void {
  if (typeof value === 'number' && value > 0 && value <= Number.MAX_SAFE_INTEGER) return;
  throw invalid(`${name} must be a positive number of bytes`);
}

function invalid(message: string): AppAttestError {
  return new AppAttestError('invalid_argument', message);
}
