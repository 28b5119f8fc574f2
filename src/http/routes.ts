import { AppAttestError } from '../errors.js';
import type { AuthenticatedRequest } from '../server/authenticate.js';
import type { AppAttest } from '../server/create-app-attest.js';
import { type Answer, refusal, success } from './answer.js';
import { AppAttestHttpError } from './http-error.js';
import type { IncomingRequest } from './incoming-request.js';
import { isJson, parseJson } from './json-body.js';
import { type HttpConfiguration, type HttpOptions, readHttpOptions } from './options.js';
import { type ReadLimits, readBytes } from './read-bytes.js';
import { type Claims, type Route, report, withCode } from './rejection.js';
import { readSignedRequest } from './signed-request.js';

/** A protected request that may go on, or the answer to one that may not. */
export type Outcome =
  | {
      readonly attested: AuthenticatedRequest;
      /** The signed body: what the handler is to see in place of the one that arrived. */
      readonly content: Uint8Array;
    }
  | { readonly refused: Answer };

/** The routes as no framework knows them. None of them ever rejects. */
export interface Routes<Context> {
  challenge(incoming: IncomingRequest, context: Context): Promise<Answer>;
  registration(incoming: IncomingRequest, context: Context): Promise<Answer>;
  assertion(incoming: IncomingRequest, context: Context): Promise<Answer>;
  protect(incoming: IncomingRequest, context: Context): Promise<Outcome>;
}

/** @throws AppAttestError `invalid_argument` */
export function createRoutes<Context>(appAttest: AppAttest, options?: HttpOptions<Context>): Routes<Context> {
  const configuration = readHttpOptions(appAttest, options);

  /** Lets a route decide, and turns whatever it throws into an answer. */
  async function decide<Result>(
    route: Route,
    incoming: IncomingRequest,
    decision: (claims: Claims) => Promise<Result>,
  ): Promise<Result | { refused: Answer }> {
    const start = performance.now();
    const claims: Claims = {};
    try {
      return await decision(claims);
    } catch (thrown) {
      const error = withCode(thrown);
      const { method, target } = incoming;
      const duration = performance.now() - start;
      void report(configuration.onReject, appAttest, claims, { route, error, duration, method, target });
      return { refused: refusal(error) };
    }
  }

  const protect: Routes<Context>['protect'] = (incoming, context) => {
    return decide('protected', incoming, async (claims) => {
      const request = await readSignedRequest(configuration, incoming);
      claims.keyId = request.keyId;
      const { readChallenge } = request;
      const attested = await appAttest.authenticate(request.assertion, {
        ...(await readSubject(configuration, context)),
        ...(readChallenge && { readChallenge }),
      });
      return { attested, content: request.content(attested.payload) };
    });
  };

  return {
    protect,

    async challenge(incoming, context) {
      const decision = await decide('challenge', incoming, async () => {
        const purpose = readPurpose(await readJson(incoming, configuration.challengeLimits));
        const issued = await appAttest.issueChallenge({ purpose, ...(await readSubject(configuration, context)) });
        return { answer: success(200, issued) };
      });
      return 'refused' in decision ? decision.refused : decision.answer;
    },

    async registration(incoming, context) {
      const decision = await decide('registration', incoming, async (claims) => {
        const body = await readRegistration(incoming, configuration.registrationLimits);
        claims.keyId = body.keyId;
        claims.attestation = body.token ?? body.attestation;
        const { keyId } = await appAttest.register(body, await readSubject(configuration, context));
        return { answer: success(201, { keyId }) };
      });
      return 'refused' in decision ? decision.refused : decision.answer;
    },

    async assertion(incoming, context) {
      const outcome = await protect(incoming, context);
      return 'refused' in outcome ? outcome.refused : success(200, { keyId: outcome.attested.key.keyId });
    },
  };
}

/** @throws AppAttestHttpError `subject_missing` */
async function readSubject<Context>(
  { subject }: HttpConfiguration<Context>,
  context: Context,
): Promise<{ subject?: string }> {
  if (!subject) return {};
  const found = await subject(context);
  if (found !== undefined && found !== null) return { subject: found };
  throw new AppAttestHttpError('subject_missing', 'the subject function found nobody that the request comes from');
}

/** @throws AppAttestHttpError `malformed_request` and those of `readBytes` */
async function readJson(incoming: IncomingRequest, limits: ReadLimits): Promise<object> {
  const { method } = incoming;
  if (method !== 'POST') throw new AppAttestHttpError('method_not_allowed', `the method is ${method}, not POST`);
  if (!isJson(incoming.header('content-type'))) {
    throw new AppAttestHttpError('unsupported_media_type', 'the body must be application/json');
  }
  const bytes = await readBytes(incoming, limits);
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
): Promise<{ keyId?: unknown; token?: unknown; attestation?: unknown }> {
  try {
    return await readJson(incoming, limits);
  } catch (cause) {
    if (!(cause instanceof AppAttestHttpError) || cause.code !== 'malformed_request') throw cause;
    throw new AppAttestError('malformed_attestation', cause.message, { cause });
  }
}

/** @throws AppAttestHttpError `malformed_request` */
function readPurpose({ purpose }: { purpose?: unknown }): 'attestation' | 'assertion' {
  if (purpose === 'attestation' || purpose === 'assertion') return purpose;
  throw new AppAttestHttpError('malformed_request', "the entry purpose must be 'attestation' or 'assertion'");
}
