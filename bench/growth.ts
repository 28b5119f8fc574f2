import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { verifyAssertion } from '../src/index.js';
import { APP_ID, type SignedRequest, signedRequest, signedRequests } from './evidence.js';
import { interleaved, type Measured } from './interleaved.js';

const USED = 1000;

/** A store of that many PEM keys by identifier, of which as many as are ever used are real. */
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

/** One assertion with the PEM of the key that it names, out of so many. */
export function byKeyCount(counts: readonly number[], rounds: number): Promise<Measured[]> {
  const requests = signedRequests(USED);
  const candidates = counts.map((count) => {
    const { store, names } = keyStore(count, requests);
    let next = 0;
    const run = () => {
      next = (next + 7) % names.length;
      const request = requests[next];
      const publicKey = store.get(names[next] ?? '');
      if (!request || !publicKey) throw new Error('no such key');
      const { assertion, payload } = request;
      return verifyAssertion({ assertion, payload, publicKey, appId: APP_ID, counter: 0 });
    };
    return { name: String(count), run };
  });
  return interleaved(candidates, rounds, 100);
}

/** One assertion with a ready key over a payload of so many bytes, which is hashed and nothing else. */
export function byPayload(lengths: readonly number[], rounds: number): Promise<Measured[]> {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const candidates = lengths.map((length) => {
    const { assertion, payload, publicKey } = signedRequest(randomBytes(length), keys);
    const run = () => verifyAssertion({ assertion, payload, publicKey, appId: APP_ID, counter: 0 });
    return { name: String(length), run };
  });
  return interleaved(candidates, rounds, 20);
}
