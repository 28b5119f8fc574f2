import { AppAttestError } from '../errors.js';
import { type KnownOptions, readKnownOptions } from '../options/known-options.js';
import { isAsynchronous } from '../runtime/asynchronous.js';
import { readTimeLimit } from '../runtime/time-limit.js';
import type { AppAttest } from '../server/create-app-attest.js';
import type { OnDecision } from './decision.js';
import { isMode, type Mode, type ModeOption } from './mode.js';
import type { ReadLimits } from './read-bytes.js';

/** The names of the headers that carry an assertion. */
export interface HeaderNames {
  /** The key identifier, base64 or base64url. `X-App-Attest-Key-Id` by default. */
  keyId?: string | undefined;
  /** The assertion object, base64 or base64url. `X-App-Attest-Assertion` by default. */
  assertion?: string | undefined;
  /** The challenge as issued. `X-App-Attest-Challenge` by default. Only read with `signed: 'request'`. */
  challenge?: string | undefined;
}

/**
 * What a client signs:
 *
 * - `'request'`: the UTF-8 bytes of `METHOD SP target LF challenge LF content-digest`. The method is in upper
 *   case. The target is the path and query exactly as in the request line. The challenge is the issued text, which is
 *   also sent in a header. SP and LF are the bytes 0x20 and 0x0A. `content-digest` is the value of the header
 *   `Content-Digest` (RFC 9530), or the digest of zero bytes if there is neither header nor body. The signature is
 *   verified from the headers before any byte of the body is read.
 * - `'body'`: the raw bytes of the body, with the challenge in them. Path and query are not protected: an attacker
 *   who intercepts a request can send it to another route.
 */
export type Signed = 'request' | 'body';

/**
 * Options of the handlers. `Context` is the framework's request. `Chosen` are the modes that a
 * request may have: the types of protected handlers follow from them.
 */
export interface HttpOptions<Context, Chosen extends Mode = 'enforce'> {
  /** What a client signs, on every route protected with these options. `'request'` by default. */
  signed?: Signed | undefined;
  /**
   * The user (account, session) that sent the request. Challenges, keys and requests are then bound to this user. If
   * the function returns `undefined`, the request is rejected.
   */
  subject?: (request: Context) => string | undefined | Promise<string | undefined>;
  /**
   * Whether protected requests that are not attested are rejected (`'enforce'`, the default) or go through (`'report'`);
   * or a function that chooses for each request, by a header with the version of the app, a route, or a share of the key
   * identifiers. Registrations, challenges and the `assertion` handler are always enforced.
   *
   * @example
   * ```ts
   * mode: (request) => (Number(request.headers.get('x-app-build')) >= 1200 ? 'enforce' : 'report')
   * ```
   */
  mode?: ModeOption<Context, Chosen> | undefined;
  /** Called for each decision, after the answer was sent. For logs and metrics; cannot change the answer. */
  onDecision?: OnDecision<Context> | undefined;
  /**
   * Whether the key of a protected request that is not attested is read once more, for `key`, `environment` and `device`
   * of its decision. `false` by default: an attacker names this key, and can make the server read keys.
   */
  lookUpKeys?: boolean | undefined;
  /**
   * Whether the decision about a refused or reported request carries a `Capsule` as `evidence`. `false` by default: it
   * holds what the client signed, which may be personal data. The key is read once more, as with `lookUpKeys`.
   */
  capsules?: boolean | undefined;
  /** Other names for the headers of a protected request. */
  headers?: HeaderNames | undefined;
  /** The maximum length of the body of a protected request, in bytes. 1 MiB by default. */
  bodyLimit?: number | undefined;
  /**
   * The maximum length of the body of a registration, in bytes. 128 KiB by default: an attestation is at most 64 KiB
   * before base64.
   */
  registrationLimit?: number | undefined;
  /**
   * Memory for all bodies that these handlers read at the same time, in bytes. It must be at least four times the
   * larger of `bodyLimit` and `registrationLimit`. The default is 64 MiB, or that minimum if it is larger. The budget
   * has four equal parts: challenges, registrations, and protected requests before and after their assertion was
   * verified. A request that does not fit is answered with 503 and `Retry-After`.
   */
  bodyBudget?: number | undefined;
  /** How long a body may take to arrive, in seconds, at most 2 147 483. 30 by default. */
  bodyTimeout?: number | undefined;
  /**
   * How long the stores, or `subject`, may take, in seconds, at most 2 147 483. 10 by default. A request that takes
   * longer is answered with 503.
   */
  decisionTimeout?: number | undefined;
  /**
   * Converts the target that arrived into the target that the client signed. Needed if a proxy in front of the server
   * rewrites paths.
   *
   * @example
   * ```ts
   * publicTarget: (target) => `/api${target}`
   * ```
   */
  publicTarget?: ((target: string) => string) | undefined;
}

/** Checked options. */
export interface HttpConfiguration<Context> {
  readonly appAttest: AppAttest;
  readonly signed: Signed;
  readonly subject: HttpOptions<Context>['subject'];
  readonly mode: ModeOption<Context>;
  readonly onDecision: OnDecision<Context> | undefined;
  readonly lookUpKeys: boolean;
  readonly capsules: boolean;
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
  lookUpKeys: 'may be undefined',
  capsules: 'may be undefined',
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

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/i;

/**
 * Checks the options once, at server start.
 *
 * @param caller The function that takes them, for error messages
 * @throws AppAttestError `invalid_argument`
 */
export function readHttpOptions<Context>(
  caller: string,
  appAttest: AppAttest,
  passed: HttpOptions<Context, Mode> = {},
): HttpConfiguration<Context> {
  const options = readKnownOptions<HttpOptions<Context, Mode>>(caller, passed, OPTIONS);
  if (typeof appAttest?.authenticate !== 'function') throw invalid('appAttest must come from createAppAttest');

  const { signed = 'request', mode = 'enforce', bodyTimeout = 30, decisionTimeout = 10 } = options;
  const { lookUpKeys = false, capsules = false } = options;
  const { bodyLimit = MIB, registrationLimit = MIB / 8 } = options;
  const { bodyBudget = Math.max(64 * MIB, 4 * bodyLimit, 4 * registrationLimit) } = options;
  if (signed !== 'body' && signed !== 'request') throw invalid("signed must be 'request' or 'body'");
  assertFunction('subject', options.subject);
  if (!isMode(mode) && typeof mode !== 'function') throw invalid("mode must be 'enforce', 'report' or a function");
  assertFunction('onDecision', options.onDecision);
  assertBoolean('lookUpKeys', lookUpKeys);
  assertBoolean('capsules', capsules);
  assertBytes('bodyLimit', bodyLimit);
  assertBytes('registrationLimit', registrationLimit);
  assertBytes('bodyBudget', bodyBudget);
  const timeout = readTimeLimit('bodyTimeout', bodyTimeout);
  if (bodyBudget < 4 * Math.max(bodyLimit, registrationLimit, CHALLENGE_LIMIT)) {
    throw invalid('bodyBudget must be at least four times the larger of bodyLimit and registrationLimit');
  }
  const limits = (length: number): ReadLimits => ({ length, timeout });
  return {
    appAttest,
    signed,
    subject: options.subject,
    mode,
    onDecision: options.onDecision,
    lookUpKeys,
    capsules,
    headers: readHeaderNames(caller, options.headers),
    challengeLimits: limits(CHALLENGE_LIMIT),
    registrationLimits: limits(registrationLimit),
    protectedLimits: limits(bodyLimit),
    bodyBudget,
    decisionTimeout: readTimeLimit('decisionTimeout', decisionTimeout),
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

/** The function, whose result must be text: a promise would be signed as `[object Promise]`. */
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

function assertBytes(name: string, value: number): void {
  if (typeof value === 'number' && value > 0 && value <= Number.MAX_SAFE_INTEGER) return;
  throw invalid(`${name} must be a positive number of bytes`);
}

function invalid(message: string): AppAttestError {
  return new AppAttestError('invalid_argument', message);
}
