import type { ClientSettings } from './client-options.js';
import { postJson } from './exchange.js';
import { type Patience, patiently } from './waiting.js';

/** Challenges for assertions. */
export interface ChallengeSupply {
  /** Returns a challenge that was requested ahead, or requests one. */
  take(patience: Patience): Promise<string>;
  /** Discards the challenges that were requested ahead. */
  clear(): void;
}

export function createChallengeSupply(settings: ClientSettings): ChallengeSupply {
  let ahead: { readonly challenge: string; readonly since: number }[] = [];
  let isFilling = false;

  async function fill(): Promise<void> {
    if (isFilling) return;
    isFilling = true;
    try {
      while (ahead.length < settings.challengesAhead) {
        const challenge = await requestChallenge(settings, 'assertion');
        ahead.push({ challenge, since: Date.now() });
      }
    } catch {
      // The next request sends its own request for a challenge, and throws the error if this request fails too.
    }
    isFilling = false;
  }

  return {
    async take(patience) {
      // A challenge is kept for a minute. The client does not use the time at which the challenge expires, because the clocks of
      // devices are often wrong.
      ahead = ahead.filter(({ since }) => Date.now() - since < 60_000);
      const challenge = ahead.shift()?.challenge;
      const taken = challenge ?? (await patiently(patience, () => requestChallenge(settings, 'assertion')));
      void fill();
      return taken;
    },
    clear() {
      ahead = [];
    },
  };
}

/** @throws AppAttestClientError `network`, `redirected`, `rejected`, `unexpected_response` */
export async function requestChallenge(
  settings: ClientSettings,
  purpose: 'attestation' | 'assertion',
): Promise<string> {
  return (await postJson(settings, settings.paths.challenge, { purpose }, 'challenge')).challenge;
}
