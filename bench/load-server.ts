import { createServer } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { verifyEcdsa, verifyEcdsaInPool } from '../src/keys/ecdsa.js';
import { CallingThread } from '../src/runtime/calling-thread.js';
import { signedRequests } from './evidence.js';

/** A server that verifies one signature for each request, with one of three strategies. It also responds to pings. */
const [way = ''] = process.argv.slice(2);
const callingThread = new CallingThread(20);
const verifiers: Readonly<Record<string, () => Promise<typeof verifyEcdsa | typeof verifyEcdsaInPool>>> = {
  'calling thread': async () => verifyEcdsa,
  'thread pool': async () => verifyEcdsaInPool,
  both: async () => ((await callingThread.hasTime()) ? verifyEcdsa : verifyEcdsaInPool),
};
const choose = verifiers[way];
if (!choose) throw new Error(`the strategy must be one of ${Object.keys(verifiers).join(', ')}, not "${way}"`);

const requests = signedRequests(64);
const delay = monitorEventLoopDelay({ resolution: 1 });
let served = 0;

const server = createServer(async (incoming, response) => {
  if (incoming.url === '/ping') return response.end();
  if (incoming.url === '/delay') {
    response.end(JSON.stringify({ p50: delay.percentile(50) / 1e6 - 1, p99: delay.percentile(99) / 1e6 - 1 }));
    delay.reset();
    return;
  }
  let body = '';
  for await (const part of incoming.setEncoding('utf8')) body += part;
  JSON.parse(body);
  const request = requests[served++ % requests.length];
  const verify = await choose();
  const isValid = request && (await verify('sha256', request.nonce, request.publicKey, request.signature));
  response.statusCode = isValid ? 204 : 500;
  return response.end();
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address) process.send?.(address.port);
  delay.enable();
});
