import { channel } from 'node:diagnostics_channel';
import type { Capsule } from '../explain/capsule.js';
import { inspectAttestation } from '../explain/inspect-attestation.js';
import type { AppAttest } from '../server/app-attest.js';
import { storedKeyId } from '../server/find-key.js';
import type { AcceptedEvidence } from '../server/formats.js';
import type { StoredKey } from '../server/stored-key.js';
import type { Session } from '../session/session.js';
import type { Claims } from './claims.js';
import type { Decision, OnDecision, Route } from './decision.js';
import { enclose } from './enclose.js';
import type { Failure } from './failure.js';
import { AppAttestHttpError } from './http-error.js';
import type { HttpConfiguration } from './http-options.js';
import type { IncomingRequest } from './incoming-request.js';
import { STATUS } from './status.js';
import type { WaitUntil } from './wait-until.js';

/** All handlers in the process publish their decisions to this channel. */
const decisions = channel('app-attest:decision');

/** A request for which a decision is in progress. */
export interface Circumstances<Context> {
  readonly route: Route;
  readonly incoming: IncomingRequest;
  /** The framework's request. */
  readonly context: Context;
  /** The arrival time of the request, by `performance.now()`. */
  readonly start: number;
  readonly claims: Claims;
}

/** The result of a decision. */
export type Result =
  | {
      readonly outcome: 'accepted';
      readonly status: number;
      readonly key?: StoredKey | undefined;
      readonly session?: Session;
    }
  | { readonly outcome: 'refused' | 'reported'; readonly failure: Failure };

/**
 * Passes a decision to the subscribers of the channel and to `onDecision`. This happens later, in the callback of
 * `afterAnswer`. If `onDecision` is absent, server errors (status 5xx) except `overloaded` are emitted as process warnings, so
 * that a developer notices a wrong configuration.
 */
export function announce<Context>(
  configuration: HttpConfiguration<Context>,
  circumstances: Circumstances<Context>,
  result: Result,
): void {
  const isAwaited = configuration.onDecision !== undefined || decisions.hasSubscribers;
  const warning = configuration.onDecision === undefined ? warningOf(result) : undefined;
  if (!isAwaited && warning === undefined) return;
  const duration = performance.now() - circumstances.start;
  const delivered = new Promise<void>((resolve) => {
    circumstances.incoming.afterAnswer(() => {
      if (warning !== undefined) process.emitWarning(warning);
      resolve(isAwaited ? deliver(configuration, circumstances, result, duration) : undefined);
    });
  });
  void keepRunning(configuration.waitUntil ?? circumstances.incoming.waitUntil, delivered);
}

/** The function may be asynchronous. Without `await`, its rejected promise would end the process. */
async function keepRunning(waitUntil: WaitUntil | undefined, delivered: Promise<void>): Promise<void> {
  try {
    await waitUntil?.(delivered);
  } catch (cause) {
    process.emitWarning(new AppAttestHttpError('unavailable', 'waitUntil threw an error', cause));
  }
}

function warningOf(result: Result): Error | undefined {
  if (result.outcome === 'accepted') return undefined;
  const { code, error } = result.failure;
  // Clients can cause thousands of overload errors, so these errors would flood the log.
  return STATUS[code] >= 500 && code !== 'overloaded' ? error : undefined;
}

/**
 * If the decision needs no key from the store, this function calls the subscribers synchronously, in the asynchronous context
 * of the request. A subscriber can therefore add an event to the active span of the request. The promise resolves after the
 * promise of `onDecision`.
 */
function deliver<Context>(
  configuration: HttpConfiguration<Context>,
  circumstances: Circumstances<Context>,
  result: Result,
  duration: number,
): Promise<void> {
  const send = async (key?: StoredKey): Promise<void> => {
    const decision = describe(configuration, circumstances, result, duration, key);
    if (decisions.hasSubscribers) decisions.publish(decision);
    if (configuration.onDecision) await call(configuration.onDecision, decision);
  };
  const keyId = keyToRead(configuration, circumstances, result);
  const reading = keyId === undefined ? undefined : configuration.lookUps.read(keyId);
  return reading ? reading.then(send) : send(result.outcome === 'accepted' ? result.key : undefined);
}

async function call<Context>(onDecision: OnDecision<Context>, decision: Decision<Context>): Promise<void> {
  try {
    await onDecision(decision);
  } catch (cause) {
    process.emitWarning(new AppAttestHttpError('unavailable', 'onDecision threw an error', cause));
  }
}

/**
 * After these codes, the handlers do not read the key: a store failed, the server is busy, or the key is not registered for the
 * user.
 */
const NOT_READ: readonly string[] = ['unavailable', 'overloaded', 'key_unknown'];

const WITH_ASSERTION: readonly Route[] = ['protected', 'session'];

/** Returns the identifier of the key to read from the store, or `undefined` if the decision needs no key. */
function keyToRead<Context>(
  { lookUpKeys, capsules }: HttpConfiguration<Context>,
  { route, claims }: Circumstances<Context>,
  result: Result,
): string | undefined {
  if (result.outcome === 'accepted' || !WITH_ASSERTION.includes(route) || !(lookUpKeys || capsules)) return undefined;
  return NOT_READ.includes(result.failure.code) ? undefined : claimedKeyId(claims);
}

function describe<Context>(
  configuration: HttpConfiguration<Context>,
  { route, incoming, context, claims }: Circumstances<Context>,
  result: Result,
  duration: number,
  key: StoredKey | undefined,
): Decision<Context> {
  const { method, target } = incoming;
  const session = result.outcome === 'accepted' ? result.session : undefined;
  const keyId = key?.keyId ?? claimedKeyId(claims);
  const { environment, device }: Pick<Decision, 'environment' | 'device'> = key ?? session ?? claimed(claims);
  const unsupported = unsupportedReason(incoming);
  const decision = {
    route,
    ...(keyId !== undefined && { keyId }),
    ...(key && { key }),
    ...(session && { session }),
    ...(environment && { environment }),
    ...(device && { device }),
    duration,
    method,
    target,
    ...(unsupported !== undefined && { unsupported }),
    request: context,
  };
  if (result.outcome === 'accepted') return { outcome: 'accepted', status: result.status, ...decision };
  const { code, error } = result.failure;
  const evidence = configuration.capsules ? capsuleOf(configuration.appAttest, claims, result.failure, key) : undefined;
  return { outcome: result.outcome, code, status: STATUS[code], error, ...decision, ...(evidence && { evidence }) };
}

/**
 * The clock in the options may fail, and the store may return a key without valid dates. The decision is then sent without a
 * capsule.
 */
function capsuleOf(
  appAttest: AppAttest<AcceptedEvidence>,
  claims: Claims,
  failure: Failure,
  key: StoredKey | undefined,
): Capsule | undefined {
  try {
    return enclose(appAttest, claims, failure, key);
  } catch (cause) {
    process.emitWarning(new AppAttestHttpError('unavailable', 'the capsule could not be created', cause));
    return undefined;
  }
}

/** Returns the reason why the app sends no evidence. Only some characters are allowed, so that a log can contain the reason. */
function unsupportedReason(incoming: IncomingRequest): string | undefined {
  const reason = incoming.header('x-app-attest-unsupported');
  return reason !== undefined && /^[\w-]{1,64}$/.test(reason) ? reason : undefined;
}

function claimedKeyId({ keyId }: Claims): string | undefined {
  return typeof keyId === 'string' ? storedKeyId(keyId) : undefined;
}

function claimed({ attestation }: Claims): Pick<Decision, 'environment' | 'device'> {
  if (typeof attestation !== 'string') return {};
  const { authenticatorData, certificates } = inspectAttestation(attestation);
  const environment = authenticatorData?.environment;
  const device = certificates[0]?.device;
  return { ...(environment && { environment }), ...(device && { device }) };
}
