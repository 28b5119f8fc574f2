import { withinTimeLimit } from '../runtime/time-limit.js';
import type { StoredKey } from '../server/stored-key.js';
import { announce, type Circumstances } from './announce.js';
import { type Answer, refusal } from './answer.js';
import type { Claims } from './claims.js';
import type { Route } from './decision.js';
import { type Failure, failureOf } from './failure.js';
import type { HttpConfiguration } from './http-options.js';
import type { IncomingRequest } from './incoming-request.js';

/** The result of a decision, or the reason why the request is rejected. */
export type Attempt<Result> = { readonly result: Result } | { readonly failure: Failure };

export function begin<Context>(route: Route, incoming: IncomingRequest, context: Context): Circumstances<Context> {
  return { route, incoming, context, start: performance.now(), claims: {} };
}

/** Calls `decide`, and converts anything that it throws to a failure. The returned promise never rejects. */
export async function attempt<Decided>(decide: () => Promise<Decided>): Promise<Attempt<Decided>> {
  try {
    return { result: await decide() };
  } catch (thrown) {
    return { failure: failureOf(thrown) };
  }
}

/** Discards the body, announces the rejection, and creates the response. */
export function refuse<Context>(
  configuration: HttpConfiguration<Context>,
  circumstances: Circumstances<Context>,
  failure: Failure,
): Answer {
  circumstances.incoming.discardBody();
  announce(configuration, circumstances, { outcome: 'refused', failure });
  return refusal(circumstances.route, failure.code, failure.retryAfter);
}

/** Handles a request to a route for which the application writes no handler. The returned promise never rejects. */
export async function answered<Context>(
  configuration: HttpConfiguration<Context>,
  circumstances: Circumstances<Context>,
  decide: (claims: Claims) => Promise<{ answer: Answer; key?: StoredKey | undefined }>,
): Promise<Answer> {
  const attempted = await attempt(() => decide(circumstances.claims));
  if ('failure' in attempted) return refuse(configuration, circumstances, attempted.failure);
  const { answer, key } = attempted.result;
  circumstances.incoming.discardBody();
  announce(configuration, circumstances, { outcome: 'accepted', status: answer.status, key });
  return answer;
}

/** Waits for the result of a call to the stores, for at most `decisionTimeout` seconds. */
export function askStores<Value>(
  { decisionTimeout }: { readonly decisionTimeout: number },
  start: () => Promise<Value>,
): Promise<Value> {
  return withinTimeLimit(decisionTimeout, 'the stores', start());
}
