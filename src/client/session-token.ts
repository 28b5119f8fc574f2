import type { ClientSettings } from './client-options.js';
import { readJson } from './exchange.js';
import { prepareRequest } from './outgoing-request.js';
import type { SignedFetch } from './signed-fetch.js';

/** The session token of this client. */
export interface SessionTokens {
  /**
   * Returns the token. Requests a new token if there is none, if the token expires soon, or if the server rejected it. All calls
   * wait for the same new token.
   *
   * @param rejected The token that the server rejected
   */
  current(rejected?: string): Promise<string>;
  /** Discards the token. A renewal in progress is discarded too, because its token may belong to another user. */
  clear(): void;
}

interface Renewal {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly renewAt: number;
}

export function createSessionTokens(settings: ClientSettings, signedFetch: SignedFetch): SessionTokens {
  let latest: Promise<Renewal> | undefined;

  /** @throws AppAttestClientError `unexpected_response`, and those of the signed request */
  async function renew(): Promise<Renewal> {
    const request = await prepareRequest(settings, settings.paths.session, { method: 'POST' });
    const { token, expiresAt } = await signedFetch(request, readJson('token'));
    const now = Date.now();
    // A token is used for 0.8 of its lifetime, and for at least ten seconds, even if the clock of the device is ahead.
    return { token, renewAt: now + Math.max(10_000, 0.8 * (Date.parse(String(expiresAt)) - now)) };
  }

  return {
    async current(rejected) {
      const found = latest;
      const renewal = await found?.catch(() => undefined);
      if (renewal && renewal.token !== rejected && Date.now() < renewal.renewAt) return renewal.token;
      // During `await`, another call may have started a renewal.
      if (latest === found) latest = undefined;
      latest ??= renew();
      return (await latest).token;
    },
    clear() {
      latest = undefined;
    },
  };
}
