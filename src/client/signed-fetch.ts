import type { ChallengeSupply } from './challenge-supply.js';
import { problemOf } from './client-error.js';
import type { ClientSettings } from './client-options.js';
import { callDevice } from './device-calls.js';
import type { ReadResponse } from './exchange.js';
import { createQueue, type Queue } from './exclusive.js';
import type { InstalledKey } from './installed-key.js';
import type { OutgoingRequest } from './outgoing-request.js';
import { sendRequest } from './send-request.js';
import { createPatience, patiently, throwIfAborted } from './waiting.js';

/**
 * Returns what the client does about an error before it signs the request again: `key` (creates a new key), `challenge` (discards
 * the challenges that it requested ahead) or `counter` (nothing). The client does each of these at most once for a request.
 * Returns `undefined` if the client must not sign the request again.
 */
function reactionTo(error: unknown): string | undefined {
  const codes = /^(key|challenge|counter)_(lost|unknown|revoked|expired|used|not_inc)/;
  return codes.exec(problemOf(error))?.[1];
}

/** Signs a request, sends it, and reads the response of the application. */
export type SignedFetch = <Value>(request: OutgoingRequest, read: ReadResponse<Value>) => Promise<Value>;

export function createSignedFetch(
  settings: ClientSettings,
  key: InstalledKey,
  challenges: ChallengeSupply,
): SignedFetch {
  const inOrder: Queue = settings.parallel ? (run) => run() : createQueue();

  return async (request, read) => {
    const { target, contentDigest, init, signal } = request;
    const patience = createPatience(settings);
    const done = new Set<string>();

    const attempt = async (keyId: string) => {
      const challenge = await challenges.take(patience);
      const payload = `${init.method} ${target}\n${challenge}\n${contentDigest}`;
      const sign = () => callDevice(settings, () => settings.device.assert(keyId, payload));
      // The next request is signed when this request has a response, so the server receives the counters in order.
      return inOrder(async () => {
        throwIfAborted(signal);
        const added = {
          'X-App-Attest-Key-Id': keyId,
          'X-App-Attest-Assertion': await patiently(patience, sign),
          'X-App-Attest-Challenge': challenge,
          ...(init.body && { 'Content-Digest': contentDigest }),
        };
        return sendRequest(settings, request, added, read, patience, true);
      });
    };

    for (;;) {
      // An error of `current` is thrown to the app, because the registration has already tried again.
      const keyId = await key.current();
      try {
        const value = await patiently(patience, () => attempt(keyId));
        key.accepted(keyId);
        return value;
      } catch (error) {
        const reaction = reactionTo(error);
        if (!reaction || done.has(reaction)) throw error;
        done.add(reaction);
        if (reaction === 'key') await key.replace(keyId, error);
        if (reaction === 'challenge') challenges.clear();
      }
    }
  };
}
