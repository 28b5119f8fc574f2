import { AppAttestClientError } from './client-error.js';
import type { ClientSettings } from './client-options.js';
import { answerLost, exchange } from './exchange.js';
import type { OutgoingRequest } from './outgoing-request.js';
import { patiently } from './waiting.js';

/**
 * Sends a request without an assertion. The server cannot recognise a repeated request, so a request that may change something is
 * not sent again after its response was lost.
 *
 * @throws AppAttestClientError `answer_lost`, and those of `exchange`
 */
export async function unsignedFetch(
  settings: ClientSettings,
  { url, headers: passed, init, signal, isSafe }: OutgoingRequest,
  header: readonly [name: string, value: string],
): Promise<Response> {
  const headers = new Headers(passed);
  headers.set(...header);
  const send = async (): Promise<Response> => {
    try {
      return await exchange(settings, url, { ...init, headers }, signal);
    } catch (error) {
      const isLost = error instanceof AppAttestClientError && error.code === 'network';
      throw isLost && !isSafe ? answerLost(error) : error;
    }
  };
  return patiently({ left: settings.retries, maxDelay: settings.maxDelay }, send);
}
