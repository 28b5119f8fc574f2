import { detailsOf } from './client-error.js';
import type { ClientSettings } from './client-options.js';
import type { OutgoingRequest } from './outgoing-request.js';
import { sendUnsigned } from './send-request.js';
import type { SessionTokens } from './session-token.js';

/**
 * Sends a request with a session token in the header `Authorization`. If the response has status 401, renews the token and sends
 * the request again, once.
 *
 * @throws AppAttestClientError the codes of the renewal and of `sendUnsigned`
 */
export async function sessionFetch(
  settings: ClientSettings,
  tokens: SessionTokens,
  request: OutgoingRequest,
): Promise<Response> {
  const send = (token: string) => sendUnsigned(settings, request, { Authorization: `Bearer ${token}` });
  const token = await tokens.current();
  const outcome = send(token);
  // If a handler of this package rejects the token, `send` throws. If the application rejects it, `send` returns the response.
  const response = await outcome.catch((error: unknown) => detailsOf(error).response);
  return response?.status === 401 ? send(await tokens.current(token)) : outcome;
}
