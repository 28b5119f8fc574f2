import { AppAttestError } from '../errors.js';
import type { AppAttest } from '../server/app-attest.js';
import type { AuthenticatedRequest } from '../server/authenticate.js';
import type { ReadChallenge } from '../server/challenge.js';
import type { AcceptedEvidence } from '../server/formats.js';
import type { StoredKey } from '../server/stored-key.js';
import { announce, type Circumstances } from './announce.js';
import { type Answer, success } from './answer.js';
import { BodyBudgets, type BodyPart } from './body-budgets.js';
import type { Claims } from './claims.js';
import { answered, askStores, attempt, begin, refuse } from './decided-route.js';
import { failureOf } from './failure.js';
import { AppAttestHttpError } from './http-error.js';
import { type HttpOptions, readHttpOptions } from './http-options.js';
import type { IncomingRequest } from './incoming-request.js';
import { readChallengeRequest, readRegistrationRequest } from './json-request.js';
import { type Mode, RequestMode } from './mode.js';
import { isSignedForm } from './multipart-body.js';
import { isOfAppAttest, isOfOtherFormat, keyIdText, type PluginBody } from './plugin-body.js';
import { finishBody } from './read-bytes.js';
import { createSessionRoutes, type SessionRoutes } from './session-routes.js';
import { type BodyShares, type PayloadForm, readSignedRequest } from './signed-request.js';
import { subjectOf } from './subject-function.js';
import type { AcceptedVerdict, Verdict } from './verdict.js';

/** The decision about a protected request. */
export type Outcome<Result extends object = never> =
  | {
      readonly attested: AcceptedVerdict<Result>;
      /** The signed body. The handler receives this body instead of the body that the client sent. */
      readonly content: Uint8Array;
      /** Whether these bytes were put back into the stream of the body, for a parser of file uploads. */
      readonly isReplayed: boolean;
    }
  /** In report mode, every request has this outcome. The handler receives the body that the client sent. */
  | { readonly reported: Verdict<Result> }
  | { readonly refused: Answer };

/** The routes, independent of the framework. The returned promises never reject. */
export interface Routes<Context, Result extends object = never> {
  challenge(incoming: IncomingRequest, context: Context): Promise<Answer>;
  registration(incoming: IncomingRequest, context: Context): Promise<Answer>;
  assertion(incoming: IncomingRequest, context: Context): Promise<Answer>;
  protect(incoming: IncomingRequest, context: Context): Promise<Outcome<Result>>;
  /** Absent without the option `sessions`. */
  readonly sessions?: SessionRoutes<Context>;
}

/**
 * @param caller The name of the function that received the options, for error messages
 * @throws AppAttestError `invalid_argument`
 */
export function createRoutes<Context, Result extends AcceptedEvidence>(
  caller: string,
  appAttest: AppAttest<Result>,
  options?: HttpOptions<Context, Mode>,
): Routes<Context, Result> {
  const configuration = readHttpOptions(caller, appAttest, options);
  const { challengeLimits, registrationLimits, capsules, sessions } = configuration;
  const budgets = new BodyBudgets(configuration.bodyBudget);

  /** @param identified Called as soon as the key identifier in `claims` is known, before the challenge is taken */
  async function authenticate(
    { incoming, context, claims }: Circumstances<Context>,
    shares: BodyShares,
    form: PayloadForm,
    identified: (assertion: PluginBody) => void,
  ): Promise<Authenticated<Result>> {
    claims.keyId = incoming.header(configuration.headers.keyId.toLowerCase());
    const request = await readSignedRequest(configuration, incoming, shares, form);
    const { assertion, readChallenge }: { assertion: PluginBody; readChallenge?: ReadChallenge } = request;
    if (!isOfOtherFormat(assertion)) {
      claims.keyId = request.keyId;
      if (capsules) claims.evidence = evidenceIn(assertion);
    }
    identified(assertion);
    const known = { ...(await subjectOf(configuration, context)), ...(readChallenge && { readChallenge }) };
    const attested = await askStores(configuration, () => appAttest.authenticate(assertion, known)).catch(
      (error: unknown) => {
        throw mismatchBehind(error) ?? error;
      },
    );
    if (isOfAppAttest<AuthenticatedRequest, Result>(assertion, attested)) {
      const content = await request.content(attested.payload);
      return { verdict: { attested: true, ...attested }, content, keyId: attested.key.keyId, request: attested };
    }
    // The function in formats verified this text. Its UTF-8 bytes are the signed content.
    const content = await request.content(Buffer.from(String(assertion.payload)));
    return { verdict: { ...attested, attested: true }, content, keyId: keyIdText(assertion) };
  }

  /** A session describes a registered key, so evidence of another format is rejected, and its challenge is not taken. */
  async function authenticateForSession(circumstances: Circumstances<Context>): Promise<AuthenticatedRequest> {
    const { request } = await budgets.lend('protected', (shares) => {
      return authenticate(circumstances, shares, 'any', (assertion) => {
        if (isOfOtherFormat(assertion)) throw otherFormat();
      });
    });
    return request ?? Promise.reject(otherFormat());
  }

  /** Handles a request to a route for which the application writes no handler. The body is read within the budgets. */
  function answeredWith(
    part: BodyPart,
    circumstances: Circumstances<Context>,
    decide: (claims: Claims, shares: BodyShares) => Promise<{ answer: Answer; key?: StoredKey | undefined }>,
  ): Promise<Answer> {
    return answered(configuration, circumstances, (claims) => {
      return budgets.lend(part, (shares) => decide(claims, shares));
    });
  }

  return {
    async protect(incoming, context) {
      const circumstances = begin<Context>('protected', incoming, context);
      const { claims } = circumstances;
      const mode = new RequestMode(configuration.mode, context);
      const choose = () => mode.choose(claims.keyId);
      let attempted = await attempt(() =>
        budgets.lend('protected', (shares) => authenticate(circumstances, shares, 'request', choose)),
      );
      let isReported = false;
      let isReplayed = false;
      try {
        // If the request could not be read, the mode is chosen here. Only a key identifier in the header is then known.
        isReported = choose() === 'report';
        if (!isReported && 'result' in attempted) {
          const { content } = attempted.result;
          isReplayed = isReplayable(configuration.headers.keyId, incoming, content);
          if (isReplayed) incoming.passOnBody();
          else await finishBody(incoming, configuration.protectedLimits);
        }
      } catch (thrown) {
        attempted = { failure: failureOf(thrown) };
      }
      if (isReported) incoming.passOnBody();

      if ('failure' in attempted) {
        const { failure } = attempted;
        if (!isReported) return { refused: refuse(configuration, circumstances, failure) };
        announce(configuration, circumstances, { outcome: 'reported', failure });
        return { reported: { attested: false, code: failure.code } };
      }
      const { verdict, content, request } = attempted.result;
      announce(configuration, circumstances, { outcome: 'accepted', status: 200, key: request?.key });
      return isReported ? { reported: verdict } : { attested: verdict, content, isReplayed };
    },

    challenge(incoming, context) {
      return answeredWith('challenge', begin('challenge', incoming, context), async (_claims, { unverified }) => {
        const purpose = await readChallengeRequest(incoming, challengeLimits, unverified);
        const subject = await subjectOf(configuration, context);
        const issued = await askStores(configuration, () => appAttest.issueChallenge({ purpose, ...subject }));
        return { answer: success(200, issued) };
      });
    },

    registration(incoming, context) {
      return answeredWith('registration', begin('registration', incoming, context), async (claims, { unverified }) => {
        const body = await readRegistrationRequest(incoming, registrationLimits, unverified);
        if (!isOfOtherFormat(body)) {
          claims.keyId = body.keyId;
          claims.attestation = body.token ?? body.attestation;
          if (capsules)
            claims.evidence = { kind: 'attestation', object: claims.attestation, clientData: body.challenge };
        }
        const subject = await subjectOf(configuration, context);
        const registered = await askStores(configuration, () => appAttest.register(body, subject));
        if (!isOfAppAttest<StoredKey, Result>(body, registered)) {
          return { answer: success(201, { keyId: keyIdText(body) }) };
        }
        return { answer: success(201, { keyId: registered.keyId }), key: registered };
      });
    },

    assertion(incoming, context) {
      const circumstances = begin('protected', incoming, context);
      return answeredWith('protected', circumstances, async (_claims, shares) => {
        const { keyId, request } = await authenticate(circumstances, shares, 'any', () => undefined);
        return { answer: success(200, { keyId }), key: request?.key };
      });
    },

    ...(sessions && { sessions: createSessionRoutes(configuration, sessions, authenticateForSession) }),
  };
}

/** An accepted request. */
interface Authenticated<Result extends object> {
  readonly verdict: AcceptedVerdict<Result>;
  readonly content: Uint8Array;
  /** The key identifier for the response. For another format, it is the text that the client sent, if any. */
  readonly keyId: string | undefined;
  /** Absent for another format. */
  readonly request?: AuthenticatedRequest;
}

/**
 * Returns whether the body is a signed form. If the assertion is not in the headers, the body is the plugin's JSON,
 * which differs from the signed content.
 */
function isReplayable(keyIdHeader: string, incoming: IncomingRequest, content: Uint8Array): boolean {
  const isInHeaders = incoming.header(keyIdHeader.toLowerCase()) !== undefined;
  return incoming.replaysForms === true && isInHeaders && isSignedForm(incoming.header('content-type'), content);
}

function otherFormat(): AppAttestError {
  return new AppAttestError('unsupported_format', 'a session needs an assertion of App Attest');
}

function evidenceIn(assertion: {
  readonly token?: unknown;
  readonly assertion?: unknown;
  readonly payload?: unknown;
}): NonNullable<Claims['evidence']> {
  return { kind: 'assertion', object: assertion.token ?? assertion.assertion, clientData: assertion.payload };
}

/** Returns the error that `readChallenge` of the route threw. `authenticate` wraps it in the error `challenge_unknown`. */
function mismatchBehind(error: unknown): AppAttestHttpError | undefined {
  const isUnknown = error instanceof AppAttestError && error.code === 'challenge_unknown';
  return isUnknown && error.cause instanceof AppAttestHttpError ? error.cause : undefined;
}
