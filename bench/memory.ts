import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { verifyAssertion } from '../src/index.js';
import { APP_ID, signedRequests } from './evidence.js';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

function heap(): number {
  collectGarbage();
  collectGarbage();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return (heapUsed + external + arrayBuffers) / 1024;
}

/** Verifies `count` assertions after a warm-up. Returns the growth of the memory in KiB, negative if the memory has shrunk. */
export async function growthAfterAssertions(count: number): Promise<number> {
  const requests = signedRequests(16);
  const verifyMany = async (many: number): Promise<void> => {
    for (let call = 0; call < many; call += 1) {
      const request = requests[call % requests.length];
      if (!request) continue;
      // Only one in sixteen assertions uses a PEM, because a million imports would take minutes.
      const publicKey = call % 16 === 0 ? request.pem : request.publicKey;
      const { assertion, payload } = request;
      await verifyAssertion({ assertion, payload, publicKey, appId: APP_ID, counter: 0 });
    }
  };
  await verifyMany(Math.min(count, 20_000));
  const before = heap();
  await verifyMany(count);
  return heap() - before;
}
