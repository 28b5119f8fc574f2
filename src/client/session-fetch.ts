import type { ClientSettings } from './client-options.js';
import type { OutgoingRequest } from './outgoing-request.js';
import type { SessionTokens } from './session-token.js';
import { unsignedFetch } from './unsigned-fetch.js';

/**
 * Sends a request with a session token in the header `Authorization`. If the response has status 401, renews the token and sends
 * the request again, once.
 *
 * @throws AppAttestClientError the codes of the renewal and of `unsignedFetch`
 */
export async function sessionFetch(
  settings: ClientSettings,
  tokens: SessionTokens,
  request: OutgoingRequest,
): Promise<Response> {
  const send = (token: string) => unsignedFetch(settings, request, ['Authorization', `Bearer ${token}`]);
  const token = await tokens.current();
  const response = await send(token);
  if (response.status !== 401) return response;
  tokens.discard(token);
  return send(await tokens.current());
}
