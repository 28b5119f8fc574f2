import type { AttestedDevice } from '../attestation/attested-device.js';
import type { AppAttestError } from '../errors.js';
import { inspectAttestation } from '../explain/inspect-attestation.js';
import type { Environment } from '../options/environment.js';
import type { AppAttest } from '../server/create-app-attest.js';
import { storedKeyId } from '../server/find-key.js';
import { AppAttestHttpError } from './http-error.js';
import { type RejectionCode, STATUS } from './status.js';

/** The handler that rejected a request. */
export type Route = 'challenge' | 'registration' | 'protected';

/** A rejected request, for logs and metrics. Do not send any of it to the client. */
export interface Rejection {
  /** Which handler rejected it. */
  route: Route;
  /** Why it was rejected. The client receives this code and nothing else. */
  code: RejectionCode;
  /** The status of the answer. */
  status: number;
  /** The key identifier that the client sent, base64 with padding; absent if it sent none. */
  keyId?: string;
  /** From the registered key. For a registration, what the client claims: none of it is verified. */
  environment?: Environment;
  /** As `environment`. */
  device?: AttestedDevice;
  /** Time from the arrival of the request to the decision, in milliseconds. */
  duration: number;
  /** The full reason: an `AppAttestError` or an `AppAttestHttpError`. If a store threw, its error is the `cause`. */
  error: AppAttestError | AppAttestHttpError;
  /** The HTTP method as it arrived. */
  method: string;
  /** Path and query as received. */
  target: string;
}

/** Called for every rejected request. */
export type OnReject = (rejection: Rejection) => unknown;

/** What the rejected client claimed. */
export interface Claims {
  keyId?: unknown;
  /** The attestation object of a registration. */
  attestation?: unknown;
}

/**
 * Calls the hook. Without a hook, errors that the client cannot have caused are emitted as process warnings, so that a
 * wrong configuration is noticed.
 */
export async function report(
  onReject: OnReject | undefined,
  appAttest: AppAttest,
  claims: Claims,
  rejection: Omit<Rejection, 'status'>,
): Promise<void> {
  const { code, error } = rejection;
  const status = STATUS[code];
  if (!onReject) {
    // An attacker can cause thousands of overload errors.
    if (status >= 500 && code !== 'overloaded') process.emitWarning(error);
    return;
  }
  try {
    await onReject({ ...rejection, status, ...(await describe(appAttest, claims, code)) });
  } catch (cause) {
    process.emitWarning(new AppAttestHttpError('unavailable', 'onReject threw an error', cause));
  }
}

type Origin = Pick<Rejection, 'environment' | 'device'>;

async function describe(
  appAttest: AppAttest,
  { keyId, attestation }: Claims,
  code: RejectionCode,
): Promise<Origin & Pick<Rejection, 'keyId'>> {
  const named = typeof keyId === 'string' ? storedKeyId(keyId) : undefined;
  const origin = attestation === undefined ? await registered(appAttest, named, code) : claimed(attestation);
  return {
    ...(named !== undefined && { keyId: named }),
    ...(origin?.environment && { environment: origin.environment }),
    ...(origin?.device && { device: origin.device }),
  };
}

/** Does not query the stores again if they just failed or the key does not exist. */
async function registered(
  appAttest: AppAttest,
  keyId: string | undefined,
  code: RejectionCode,
): Promise<Origin | undefined> {
  if (keyId === undefined || code === 'key_unknown' || code === 'unavailable') return undefined;
  return appAttest.key(keyId).catch(() => undefined);
}

function claimed(attestation: unknown): Origin {
  if (typeof attestation !== 'string') return {};
  const { authenticatorData, certificates } = inspectAttestation(attestation);
  const environment = authenticatorData?.environment;
  const device = certificates[0]?.device;
  return { ...(environment && { environment }), ...(device && { device }) };
}
