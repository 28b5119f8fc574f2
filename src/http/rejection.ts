import type { AttestedDevice } from '../attestation/attested-device.js';
import type { AppAttestError } from '../errors.js';
import { inspectAttestation } from '../explain/inspect-attestation.js';
import type { Environment } from '../options/environment.js';
import type { AppAttest } from '../server/create-app-attest.js';
import { storedKeyId } from '../server/find-key.js';
import { AppAttestHttpError } from './http-error.js';
import { type RejectionCode, STATUS } from './status.js';

/** Which handler refused a request. */
export type Route = 'challenge' | 'registration' | 'protected';

/** A request that was refused, for logs and metrics. Nothing in it is for the client. */
export interface Rejection {
  /** Which handler rejected it. */
  route: Route;
  /** Why it was rejected. It is all that the client is told. */
  code: RejectionCode;
  /** The status of the answer. */
  status: number;
  /** The key that the client named, base64 with padding; absent where it named none. */
  keyId?: string;
  /** Of the key as it is registered. At a registration what the client claims: nothing about it is verified. */
  environment?: Environment;
  /** As `environment`. */
  device?: AttestedDevice;
  /** From the request's arrival to the decision, in milliseconds. */
  duration: number;
  /** The full reason: an `AppAttestError`, an `AppAttestHttpError`, or what a store threw, as `cause` of one. */
  error: AppAttestError | AppAttestHttpError;
  /** The HTTP method as it arrived. */
  method: string;
  /** Path and query as they arrived. */
  target: string;
}

/** Hears of a refusal. */
export type OnReject = (rejection: Rejection) => unknown;

/** What a client said of itself before it was refused. */
export interface Claims {
  keyId?: unknown;
  /** The attestation object, at a registration. */
  attestation?: unknown;
}

/**
 * Tells the hook. Without a hook, what the client cannot have caused becomes a warning of the process, so that a wrong
 * configuration does not stay silent.
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
    // Overload rejects by the thousand, and an attacker can cause it.
    if (status >= 500 && code !== 'overloaded') process.emitWarning(error);
    return;
  }
  try {
    await onReject({ ...rejection, status, ...(await describe(appAttest, claims, code)) });
  } catch (cause) {
    process.emitWarning(new AppAttestHttpError('unavailable', 'onReject failed', cause));
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

/** The stores are not asked again where they just failed, or said that there is no such key. */
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
