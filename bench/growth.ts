import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { verifyAssertion } from '../src/index.js';
import { APP_ID, type SignedRequest, signedRequest, signedRequests } from './evidence.js';
import { interleaved, type Measured } from './interleaved.js';

const USED = 1000;

/** Creates a store with `size` PEM keys. Only the keys of `requests` are real. The others are never used. */
function keyStore(size: number, requests: readonly SignedRequest[]): { store: Map<string, string>; names: string[] } {
  const store = new Map<string, string>();
  const step = Math.max(1, Math.floor(size / requests.length));
  const names: string[] = [];
  for (let index = 0; index < size; index += 1) {
    const name = randomBytes(32).toString('base64');
    const request = index % step === 0 ? requests[index / step] : undefined;
    store.set(name, request?.pem ?? `-----BEGIN PUBLIC KEY-----\n${randomBytes(91).toString('base64')}\n`);
    if (request) names.push(name);
  }
  return { store, names };
}

/** Measures an assertion with a stored PEM, for different numbers of stored keys. */
export function byKeyCount(counts: readonly number[], rounds: number): Promise<Measured[]> {
  const requests = signedRequests(USED);
  const candidates = counts.map((count) => {
    const { store, names } = keyStore(count, requests);
    let next = 0;
    const run = () => {
      next = (next + 7) % names.length;
      const request = requests[next];
      const publicKey = store.get(names[next] ?? '');
      if (!request || !publicKey) throw new Error('the store does not have the key');
      const { assertion, payload } = request;
      return verifyAssertion({ assertion, payload, publicKey, appId: APP_ID, counter: 0 });
    };
    return { name: String(count), run };
  });
  return interleaved(candidates, rounds, 100);
}

/** Measures an assertion with an existing `KeyObject`, for different lengths of the payload. */
export function byPayload(lengths: readonly number[], rounds: number): Promise<Measured[]> {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const candidates = lengths.map((length) => {
    const { assertion, payload, publicKey } = signedRequest(randomBytes(length), keys);
    const run = () => verifyAssertion({ assertion, payload, publicKey, appId: APP_ID, counter: 0 });
    return { name: String(length), run };
  });
  return interleaved(candidates, rounds, 20);
}
