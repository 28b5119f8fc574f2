import type { ClientSettings } from './client-options.js';
import { readJson } from './exchange.js';
import { prepareRequest } from './outgoing-request.js';
import type { SignedFetch } from './signed-fetch.js';

/** The token that the server issues for an assertion. */
export interface SessionTokens {
  /** Returns a token that has not expired. All requests wait for the same renewal. */
  current(): Promise<string>;
  /** Discards a token that the server rejected, or any token. */
  discard(token?: string): void;
}

/** The part of its lifetime for which a token is used. */
const USED = 0.8;

/** Milliseconds that a token is used at least, even if the clock of the device is ahead. */
const SHORTEST = 10_000;

export function createSessionTokens(settings: ClientSettings, signedFetch: SignedFetch): SessionTokens {
  let latest: { readonly token: string; readonly renewAt: number } | undefined;
  let renewing: Promise<string> | undefined;

  /** @throws AppAttestClientError `unexpected_response`, and those of the signed request */
  async function renew(): Promise<string> {
    const path = settings.paths.session;
    const response = await signedFetch(await prepareRequest(settings, path, { method: 'POST' }));
    const { token, expiresAt } = await readJson(response, 'token');
    const now = Date.now();
    latest = { token: String(token), renewAt: now + Math.max(SHORTEST, USED * (Date.parse(String(expiresAt)) - now)) };
    return latest.token;
  }

  return {
    async current() {
      if (latest && Date.now() < latest.renewAt) return latest.token;
      renewing ??= renew().finally(() => {
        renewing = undefined;
      });
      return renewing;
    },
    discard(token) {
      if (token === undefined || token === latest?.token) latest = undefined;
    },
  };
}
