import { AppAttestError } from '../errors.js';
import { withinTimeLimit } from '../runtime/time-limit.js';
import type { AuthenticatedRequest } from '../server/authenticate.js';
import { configurationOf } from '../server/configuration-of.js';
import type { Session, Sessions } from '../session/session.js';
import { announce, type Circumstances } from './announce.js';
import { type Answer, methodNotAllowed, publicly, success } from './answer.js';
import { bearerToken } from './bearer-token.js';
import { answered, attempt, begin, refuse } from './decided-route.js';
import { failureOf } from './failure.js';
import type { HttpConfiguration } from './http-options.js';
import type { IncomingRequest } from './incoming-request.js';
import { RequestMode } from './mode.js';
import type { SessionVerdict } from './session-verdict.js';
import { subjectOf } from './subject-function.js';
import type { UnattestedVerdict } from './verdict.js';

/** The outcome of `protectWithSession`. If the request is let through, its body is unread. */
export type SessionOutcome = { readonly verdict: SessionVerdict | UnattestedVerdict } | { readonly refused: Answer };

/** The routes for sessions, independent of the framework. The returned promises never reject. */
export interface SessionRoutes<Context> {
  session(incoming: IncomingRequest, context: Context): Promise<Answer>;
  jwks(incoming: IncomingRequest): Promise<Answer>;
  protectWithSession(incoming: IncomingRequest, context: Context): Promise<SessionOutcome>;
}

/** @param authenticate Verifies the assertion of a request. Rejects evidence that is not from App Attest */
export function createSessionRoutes<Context>(
  configuration: HttpConfiguration<Context>,
  sessions: Sessions,
  authenticate: (circumstances: Circumstances<Context>) => Promise<AuthenticatedRequest>,
): SessionRoutes<Context> {
  const accepted = configurationOf(configuration.appAttest);

  async function verify({ incoming, context, claims }: Circumstances<Context>): Promise<Session> {
    const verifying = sessions.verify(bearerToken(incoming.header('authorization')));
    const session = await withinTimeLimit(configuration.decisionTimeout, 'revokedBefore', verifying);
    claims.keyId = session.keyId;
    if (accepted && !accepted.environments.includes(session.environment)) throw mismatch('environment', session);
    if (accepted && !accepted.appIds.includes(session.appId)) throw mismatch('app', session);
    const { subject } = await subjectOf(configuration, context);
    if (subject === undefined || subject === session.subject) return session;
    throw new AppAttestError('session_unknown', 'the session was issued for another user');
  }

  return {
    session(incoming, context) {
      const circumstances = begin('session', incoming, context);
      return answered(configuration, circumstances, async () => {
        const authenticated = await authenticate(circumstances);
        return { answer: success(200, await sessions.issue(authenticated)), key: authenticated.key };
      });
    },

    async jwks(incoming) {
      incoming.discardBody();
      const { method } = incoming;
      return method === 'GET' || method === 'HEAD' ? publicly(sessions.jwks()) : methodNotAllowed('GET, HEAD');
    },

    async protectWithSession(incoming, context) {
      const circumstances = begin('protectedWithSession', incoming, context);
      const mode = new RequestMode(configuration.mode, context);
      let attempted = await attempt(() => verify(circumstances));
      let isReported = false;
      try {
        isReported = mode.choose(circumstances.claims.keyId) === 'report';
      } catch (thrown) {
        attempted = { failure: failureOf(thrown) };
      }
      if ('failure' in attempted) {
        const { failure } = attempted;
        if (!isReported) return { refused: refuse(configuration, circumstances, failure) };
        announce(configuration, circumstances, { outcome: 'reported', failure });
        return { verdict: { attested: false, code: failure.code } };
      }
      const session = attempted.result;
      announce(configuration, circumstances, { outcome: 'accepted', status: 200, session });
      return { verdict: verdictOf(session) };
    },
  };
}

function verdictOf(session: Session): SessionVerdict {
  const { keyId, appId, environment, subject } = session;
  return { attested: true, key: { keyId, appId, environment, ...(subject !== undefined && { subject }) }, session };
}

/**
 * This happens if the options of the server changed after the session was issued, or if servers with different options share
 * the keys of their sessions.
 */
function mismatch(what: 'environment' | 'app', { environment, appId }: Session): AppAttestError {
  return what === 'environment'
    ? new AppAttestError('environment_mismatch', `the session belongs to the environment ${environment}`)
    : new AppAttestError('app_id_mismatch', `the session belongs to the app ${appId}`);
}
