import type { AttestedDevice } from '../attestation/attested-device.js';
import type { AppAttestError } from '../errors.js';
import { inspectAttestation } from '../explain/inspect-attestation.js';
import type { Environment } from '../options/environment.js';
import type { AppAttest } from '../server/create-app-attest.js';
import { storedKeyId } from '../server/find-key.js';
import type { AcceptedEvidence } from '../server/formats.js';
import { AppAttestHttpError } from './http-error.js';
import { type RejectionCode, STATUS } from './status.js';

/** The handler that rejected a request. */
export type Route = 'challenge' | 'registration' | 'protected';

/** A rejected request, for logs and metrics. Do not send this data to the client. */
export interface Rejection {
  /** The handler that rejected the request. */
  route: Route;
  /** The code of the rejection. The client receives only this code. */
  code: RejectionCode;
  /** The HTTP status of the response. */
  status: number;
  /** The key identifier that the client sent, base64 with padding. Absent if the client sent no valid identifier. */
  keyId?: string;
  /** The environment of the registered key. For a registration, it comes from the unverified attestation. */
  environment?: Environment;
  /** Data about the device of the registered key. For a registration, it comes from the unverified attestation. */
  device?: AttestedDevice;
  /** Time from the arrival of the request to the decision, in milliseconds. */
  duration: number;
  /** The full reason. If a store or a function in the options threw an error, that error is the `cause`. */
  error: AppAttestError | AppAttestHttpError;
  /** The HTTP method as received. */
  method: string;
  /** Path and query as received. */
  target: string;
}

/** Called for every rejected request. */
export type OnReject = (rejection: Rejection) => unknown;

/** Unverified data from a rejected request. */
export interface Claims {
  keyId?: unknown;
  /** The attestation object of a registration. */
  attestation?: unknown;
}

/**
 * Calls `onReject`. If the option is absent, server errors (status 5xx) are emitted as process warnings, so that a developer
 * notices a wrong configuration.
 */
export async function report(
  onReject: OnReject | undefined,
  appAttest: AppAttest<AcceptedEvidence>,
  claims: Claims,
  rejection: Omit<Rejection, 'status'>,
): Promise<void> {
  const { code, error } = rejection;
  const status = STATUS[code];
  if (!onReject) {
    // Clients can cause thousands of overload errors, so these errors would flood the log.
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
  appAttest: AppAttest<AcceptedEvidence>,
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

/** Returns the registered key. If a store just failed, or if the key does not exist, the stores are not queried again. */
async function registered(
  appAttest: AppAttest<AcceptedEvidence>,
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
