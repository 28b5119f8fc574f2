import type { ChallengeSupply } from './challenge-supply.js';
import { AppAttestClientError } from './client-error.js';
import type { ClientSettings } from './client-options.js';
import { callDevice, isKeyLost } from './device-calls.js';
import { answerLost, exchange } from './exchange.js';
import { createQueue, type Queue } from './exclusive.js';
import { type InstalledKey, serverCodeOf } from './installed-key.js';
import type { OutgoingRequest } from './outgoing-request.js';
import { type Patience, patiently, pause, throwIfAborted } from './waiting.js';

/** What the client does about a rejection. It does each at most once for a request. */
type Reaction = 'challenge' | 'counter' | 'key';

function reactionTo(error: unknown): Reaction | undefined {
  const code = serverCodeOf(error) ?? '';
  if (isKeyLost(error) || /^key_(unknown|revoked)$/.test(code)) return 'key';
  if (code.startsWith('challenge_')) return 'challenge';
  return code === 'counter_not_increased' ? 'counter' : undefined;
}

/** Signs a request, and sends it. Returns the response of the application. */
export type SignedFetch = (request: OutgoingRequest) => Promise<Response>;

export function createSignedFetch(
  settings: ClientSettings,
  key: InstalledKey,
  challenges: ChallengeSupply,
): SignedFetch {
  const inOrder: Queue = settings.parallel ? (run) => run() : createQueue();

  async function attempt(request: OutgoingRequest, keyId: string, patience: Patience): Promise<Response> {
    const challenge = await challenges.take(patience);
    // The queue is left when the response arrives, so the server receives the counters in the order of the signatures.
    return inOrder(async () => {
      throwIfAborted(request.signal);
      return transmit(settings, request, await sign(request, keyId, challenge, patience), patience);
    });
  }

  /** @throws AppAttestClientError `apple_unavailable`, `device_failed`, `unsupported` */
  async function sign(
    { target, headers: passed, contentDigest, init }: OutgoingRequest,
    keyId: string,
    challenge: string,
    patience: Patience,
  ): Promise<Headers> {
    const payload = `${init.method} ${target}\n${challenge}\n${contentDigest}`;
    const assertion = await patiently(patience, () => {
      return callDevice(settings, () => settings.device.assert(keyId, payload));
    });
    const headers = new Headers(passed);
    headers.set('X-App-Attest-Key-Id', keyId);
    headers.set('X-App-Attest-Assertion', assertion);
    headers.set('X-App-Attest-Challenge', challenge);
    if (init.body) headers.set('Content-Digest', contentDigest);
    return headers;
  }

  return async (request) => {
    const patience = { left: settings.retries, maxDelay: settings.maxDelay };
    const done = new Set<Reaction>();
    for (;;) {
      // Errors of the registration are final: the registration has tried again itself.
      const keyId = await key.current();
      try {
        const response = await patiently(patience, () => attempt(request, keyId, patience));
        key.accepted(keyId);
        return response;
      } catch (error) {
        const reaction = reactionTo(error);
        if (reaction === undefined || done.has(reaction)) throw error;
        done.add(reaction);
        if (reaction === 'key') await key.replace(keyId, error);
        if (reaction === 'challenge') challenges.clear();
      }
    }
  };
}

/**
 * Sends a request. If no response arrives, sends the same bytes again. The server accepts a challenge once, so it carries out the
 * request at most once.
 *
 * @throws AppAttestClientError `answer_lost`, and those of `exchange`
 */
async function transmit(
  settings: ClientSettings,
  { url, init, signal, isSafe }: OutgoingRequest,
  headers: Headers,
  patience: Patience,
): Promise<Response> {
  for (let lost = 0; ; lost += 1) {
    try {
      return await exchange(settings, url, { ...init, headers }, signal);
    } catch (error) {
      if (!(error instanceof AppAttestClientError)) throw error;
      const { code, serverCode } = error;
      if (code === 'network' && patience.left > 0) {
        patience.left -= 1;
        await pause(250 * 2 ** lost);
        continue;
      }
      // A rejection proves that this attempt was not carried out, but says nothing about an earlier one without a response.
      const mayBeCarriedOut = lost > 0 || code === 'network' || serverCode === 'challenge_used';
      if (isSafe || !mayBeCarriedOut) throw error;
      throw answerLost(error);
    }
  }
}
