import { AppAttestError } from '../errors.js';
import type { BodyShare } from './body-budget.js';
import { AppAttestHttpError } from './http-error.js';
import type { IncomingRequest } from './incoming-request.js';
import { isJson, parseJson } from './json-body.js';
import type { PluginBody } from './plugin-body.js';
import { openBody, type ReadLimits } from './read-bytes.js';

/**
 * Reads the purpose in the body of a request for a challenge.
 *
 * @throws AppAttestHttpError `method_not_allowed`, `malformed_request`, and those of `openBody`
 */
export async function readChallengeRequest(
  incoming: IncomingRequest,
  limits: ReadLimits,
  share: BodyShare,
): Promise<'attestation' | 'assertion'> {
  const { purpose }: { purpose?: unknown } = await readJson(incoming, limits, share);
  if (purpose === 'attestation' || purpose === 'assertion') return purpose;
  throw new AppAttestHttpError('malformed_request', "the field purpose must be 'attestation' or 'assertion'");
}

/** The fields of a registration, as the client sent them. */
export interface RegistrationRequest extends PluginBody {
  readonly attestation?: unknown;
}

/**
 * Reads the body of a registration.
 *
 * @throws AppAttestError `malformed_attestation`
 * @throws AppAttestHttpError `method_not_allowed`, and those of `openBody`
 */
export async function readRegistrationRequest(
  incoming: IncomingRequest,
  limits: ReadLimits,
  share: BodyShare,
): Promise<RegistrationRequest> {
  try {
    return await readJson(incoming, limits, share);
  } catch (cause) {
    if (!(cause instanceof AppAttestHttpError) || cause.code !== 'malformed_request') throw cause;
    throw new AppAttestError('malformed_attestation', cause.message, { cause });
  }
}

/** @throws AppAttestHttpError `method_not_allowed`, `unsupported_media_type`, `malformed_request`, and those of `openBody` */
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
