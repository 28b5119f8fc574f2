import { AppAttestClientError, detailsOf } from './client-error.js';
import type { ClientSettings } from './client-options.js';
import { asItIs, exchange, type ReadResponse } from './exchange.js';
import type { OutgoingRequest } from './outgoing-request.js';
import { createPatience, type Patience, patiently, pause } from './waiting.js';

/**
 * Sends a request. If there is no response to a signed request, or to a request with a safe method, sends the same bytes again. The
 * server accepts the challenge of a signed request once, and a safe method changes nothing.
 *
 * @param added Headers that prove that the request comes from the app
 * @param isSigned Whether the request has a challenge and a signature
 * @throws AppAttestClientError `answer_lost`, and those of `exchange`
 */
export async function sendRequest<Value>(
  settings: ClientSettings,
  { url, headers, init, signal, isSafe }: OutgoingRequest,
  added: Readonly<Record<string, string>>,
  read: ReadResponse<Value>,
  patience: Patience,
  isSigned: boolean,
): Promise<Value> {
  const sent = new Headers(headers);
  for (const header of Object.entries(added)) sent.set(...header);
  for (let lost = 0; ; lost += 1) {
    try {
      return await exchange(settings, url, { ...init, headers: sent }, read, signal);
    } catch (error) {
      const { code, serverCode } = detailsOf(error);
      const isLost = code === 'network';
      if (isLost && (isSigned || isSafe) && patience.left-- > 0) {
        await pause(250 * 2 ** lost);
        continue;
      }
      // After a rejection, the server has not carried out this attempt. But it may have carried out an earlier attempt without a
      // response.
      const mayBeCarriedOut = code && (lost > 0 || isLost || serverCode === 'challenge_used');
      if (isSafe || !mayBeCarriedOut) throw error;
      throw new AppAttestClientError('answer_lost', error, { ...detailsOf(error), cause: error });
    }
  }
}

/**
 * Sends a request without a challenge. The server cannot recognize a repetition of this request. So if there is no response, the
 * client repeats the request only if its method is safe.
 *
 * @throws AppAttestClientError the codes of {@link sendRequest}
 */
export function sendUnsigned(
  settings: ClientSettings,
  request: OutgoingRequest,
  added: Readonly<Record<string, string>>,
): Promise<Response> {
  const patience = createPatience(settings);
  return patiently(patience, () => sendRequest(settings, request, added, asItIs, patience, false));
}
