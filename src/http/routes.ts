import { AppAttestError } from '../errors.js';
import { withinTimeLimit } from '../runtime/time-limit.js';
import type { AuthenticatedRequest } from '../server/authenticate.js';
import type { ReadChallenge } from '../server/challenge.js';
import type { AppAttest } from '../server/create-app-attest.js';
import type { AcceptedEvidence } from '../server/formats.js';
import type { StoredKey } from '../server/stored-key.js';
import { type Answer, refusal, success } from './answer.js';
import { BodyBudget, type BodyShare } from './body-budget.js';
import { failureOf } from './failure.js';
import { AppAttestHttpError } from './http-error.js';
import { type HttpConfiguration, type HttpOptions, readHttpOptions } from './http-options.js';
import type { IncomingRequest } from './incoming-request.js';
import { isJson, parseJson } from './json-body.js';
import { isOfAppAttest, isOfOtherFormat, type PluginBody } from './plugin-body.js';
import { openBody, type ReadLimits } from './read-bytes.js';
import { type Claims, type Route, report } from './rejection.js';
import { type BodyShares, type PayloadForm, readSignedRequest } from './signed-request.js';

/** An accepted request, or the response to a rejected request. */
export type Outcome<Result extends object = never> =
  | {
      readonly attested: AuthenticatedRequest | Result;
      /** The signed body. The handler receives this body instead of the body that the client sent. */
      readonly content: Uint8Array;
    }
  | { readonly refused: Answer };

/** The routes, independent of the framework. The returned promises never reject. */
export interface Routes<Context, Result extends object = never> {
  challenge(incoming: IncomingRequest, context: Context): Promise<Answer>;
  registration(incoming: IncomingRequest, context: Context): Promise<Answer>;
  assertion(incoming: IncomingRequest, context: Context): Promise<Answer>;
  protect(incoming: IncomingRequest, context: Context): Promise<Outcome<Result>>;
}

/**
 * @param caller The name of the function that received the options, for error messages
 * @throws AppAttestError `invalid_argument`
 */
export function createRoutes<Context, Result extends AcceptedEvidence>(
  caller: string,
  appAttest: AppAttest<Result>,
  options?: HttpOptions<Context>,
): Routes<Context, Result> {
  const configuration = readHttpOptions(caller, appAttest, options);
  const { onReject, challengeLimits, registrationLimits } = configuration;
  // Each route has its own budget. A client that fills one budget with endless bodies must not block the other routes.
  const budgetOf = (): BodyBudget => new BodyBudget(configuration.bodyBudget / 4);
  const budgets = { challenge: budgetOf(), registration: budgetOf(), protected: budgetOf() };
  const verifiedBodies = budgetOf();

  /** Runs the decision of a route. If the decision throws an error, the function reports it and returns a response. */
  async function decide<Result>(
    route: Route,
    incoming: IncomingRequest,
    decision: (claims: Claims, shares: BodyShares) => Promise<Result>,
  ): Promise<Result | { refused: Answer }> {
    const start = performance.now();
    const claims: Claims = {};
    const shares = { unverified: budgets[route].open(), verified: verifiedBodies.open() };
    try {
      return await decision(claims, shares);
    } catch (thrown) {
      const { error, code, retryAfter } = failureOf(thrown);
      const { method, target } = incoming;
      const duration = performance.now() - start;
      incoming.afterAnswer(() => {
        void report(onReject, appAttest, claims, { route, code, error, duration, method, target });
      });
      return { refused: refusal(code, retryAfter) };
    } finally {
      shares.unverified.release();
      shares.verified.release();
    }
  }

  /** Waits for a call to the stores, for at most `decisionTimeout` seconds. */
  function ask<Value>(start: () => Promise<Value>): Promise<Value> {
    return withinTimeLimit(configuration.decisionTimeout, 'the stores', start());
  }

  function authenticated(
    incoming: IncomingRequest,
    context: Context,
    form: PayloadForm,
  ): Promise<Outcome<Result> & { keyId?: unknown }> {
    return decide('protected', incoming, async (claims, shares) => {
      const request = await readSignedRequest(configuration, incoming, shares, form);
      const { assertion, readChallenge }: { assertion: PluginBody; readChallenge?: ReadChallenge } = request;
      if (!isOfOtherFormat(assertion)) claims.keyId = request.keyId;
      const known = { ...(await subjectOf(configuration, context)), ...(readChallenge && { readChallenge }) };
      const attested = await ask(() => appAttest.authenticate(assertion, known)).catch((error: unknown) => {
        throw mismatchBehind(error) ?? error;
      });
      if (isOfAppAttest<AuthenticatedRequest, Result>(assertion, attested)) {
        return { attested, content: await request.content(attested.payload), keyId: attested.key.keyId };
      }
      // The function in formats received this text, and the app hashed its UTF-8 bytes.
      const content = await request.content(Buffer.from(String(assertion.payload)));
      return { attested, content, keyId: assertion.keyId };
    });
  }

  return {
    protect: (incoming, context) => authenticated(incoming, context, 'request'),

    async challenge(incoming, context) {
      const decision = await decide('challenge', incoming, async (_claims, { unverified }) => {
        const purpose = readPurpose(await readJson(incoming, challengeLimits, unverified));
        const subject = await subjectOf(configuration, context);
        const issued = await ask(() => appAttest.issueChallenge({ purpose, ...subject }));
        return { answer: success(200, issued) };
      });
      return 'refused' in decision ? decision.refused : decision.answer;
    },

    async registration(incoming, context) {
      const decision = await decide('registration', incoming, async (claims, { unverified }) => {
        const body = await readRegistration(incoming, registrationLimits, unverified);
        if (!isOfOtherFormat(body)) {
          claims.keyId = body.keyId;
          claims.attestation = body.token ?? body.attestation;
        }
        const subject = await subjectOf(configuration, context);
        const registered = await ask(() => appAttest.register(body, subject));
        const { keyId } = isOfAppAttest<StoredKey, Result>(body, registered) ? registered : body;
        return { answer: success(201, { keyId }) };
      });
      return 'refused' in decision ? decision.refused : decision.answer;
    },

    async assertion(incoming, context) {
      const outcome = await authenticated(incoming, context, 'any');
      return 'refused' in outcome ? outcome.refused : success(200, { keyId: outcome.keyId });
    },
  };
}

/** Returns the error that `readChallenge` of the route threw. `authenticate` wraps it in the error `challenge_unknown`. */
function mismatchBehind(error: unknown): AppAttestHttpError | undefined {
  const isUnknown = error instanceof AppAttestError && error.code === 'challenge_unknown';
  return isUnknown && error.cause instanceof AppAttestHttpError ? error.cause : undefined;
}

/** @throws AppAttestHttpError `subject_missing`, `unavailable` */
async function subjectOf<Context>(
  { subject, decisionTimeout }: HttpConfiguration<Context>,
  context: Context,
): Promise<{ subject?: string }> {
  if (!subject) return {};
  const found = await withinTimeLimit(decisionTimeout, 'the subject function', (async () => subject(context))());
  if (found !== undefined && found !== null) return { subject: found };
  throw new AppAttestHttpError('subject_missing', 'the subject function returned no user for the request');
}

/** @throws AppAttestHttpError `malformed_request` and those of `openBody` */
async function readJson(incoming: IncomingRequest, limits: ReadLimits, share: BodyShare): Promise<object> {
  const { method } = incoming;
  if (method !== 'POST') throw new AppAttestHttpError('method_not_allowed', `the method must be POST, not ${method}`);
  if (!isJson(incoming.header('content-type'))) {
    throw new AppAttestHttpError('unsupported_media_type', 'the content type of the body must be application/json');
  }
  const read = await openBody(incoming, limits);
  const bytes = await read(share);
  let json: unknown;
  try {
    json = parseJson(bytes);
  } catch (cause) {
    throw new AppAttestHttpError('malformed_request', 'the body is not JSON', cause);
  }
  if (typeof json === 'object' && json !== null) return json;
  throw new AppAttestHttpError('malformed_request', 'the body is not a JSON object');
}

async function readRegistration(
  incoming: IncomingRequest,
  limits: ReadLimits,
  share: BodyShare,
): Promise<PluginBody & { token?: unknown; attestation?: unknown }> {
  try {
    return await readJson(incoming, limits, share);
  } catch (cause) {
    if (!(cause instanceof AppAttestHttpError) || cause.code !== 'malformed_request') throw cause;
    throw new AppAttestError('malformed_attestation', cause.message, { cause });
  }
}

/** @throws AppAttestHttpError `malformed_request` */
function readPurpose({ purpose }: { purpose?: unknown }): 'attestation' | 'assertion' {
  if (purpose === 'attestation' || purpose === 'assertion') return purpose;
  throw new AppAttestHttpError('malformed_request', "the field purpose must be 'attestation' or 'assertion'");
}
