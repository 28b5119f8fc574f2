// Starts an HTTP service, and sends requests from an app on a virtual device. Run it with `npm run example`. With
// `npm run example -- --serve`, the service keeps running. The service stores its state in Redis if REDIS_URL is set, otherwise
// in PostgreSQL if DATABASE_URL is set, and otherwise in an SQLite file.
import { once } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import { createAppAttest } from 'app-attest/server';
import { createVirtualApple } from 'app-attest/testing';
import { type Answer, App } from './app.js';
import { createService } from './service.js';
import { openStores } from './stores.js';

const appId = 'TEAMID1234.com.example.coffee';
const apple = await createVirtualApple(); // a real service has no virtual Apple, no trustAnchors and no virtual.env

/** Starts the service. `stop` ends it, and closes its stores. */
async function start() {
  const { place, stores, close } = await openStores();
  const appAttest = createAppAttest({ appId, ...stores, trustAnchors: apple.trustAnchors });
  const service = createService(appAttest, ({ code, keyId, device, error }) => {
    if (!error) return;
    const who = [keyId && `key ${keyId.slice(0, 8)}…`, device?.platform, device?.osVersion].filter(Boolean);
    console.log(`    log: ${[code, ...who, error.message].join(', ')}`);
  });
  const { PORT = '0' } = process.env;
  const server = service.listen(Number(PORT), '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the service does not listen on a TCP port');
  const stop = async (): Promise<void> => {
    server.close();
    await once(server, 'close');
    await close();
  };
  return { place, origin: `http://127.0.0.1:${address.port}`, stop };
}

let service = await start();
console.log(`The service listens on ${service.origin}. Its state is in ${service.place}.\n`);

let failures = 0;

/** Prints a response. Counts a failure if its status or body is not as expected. */
function expectAnswer(what: string, answer: Answer, status: number, body?: object): void {
  const isRight = answer.status === status && (body === undefined || isDeepStrictEqual(answer.body, body));
  if (!isRight) failures += 1;
  console.log(`${isRight ? '✓' : '✗'} ${what}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

const app = new App(service.origin, await apple.createDevice({ appId }));
expectAnswer('The app registers its key', await app.register(), 201);

const order = await app.sign('POST', '/orders', { item: 'coffee' });
expectAnswer('It orders a coffee', await app.send(order), 201, { ordered: 'coffee' });
expectAnswer('An attacker sends the same request again', await app.send(order), 401, { error: 'challenge_used' });

const changed = { ...(await app.sign('POST', '/orders', { item: 'coffee' })), body: '{"item":"gold"}' };
expectAnswer('An attacker changes an order in transit', await app.send(changed), 401, { error: 'request_mismatch' });

const moved = { ...(await app.sign('POST', '/refunds', { item: 'coffee' })), target: '/orders' };
expectAnswer('An attacker sends a request to another route', await app.send(moved), 401, {
  error: 'invalid_signature',
});

const unsigned = { method: 'GET', target: '/orders', headers: {} };
expectAnswer('A script sends a request without the app', await app.send(unsigned), 401, { error: 'assertion_missing' });

const copy = new App(service.origin, await apple.createDevice({ appId: 'TEAMID6666.com.example.copy' }));
expectAnswer('A repackaged app registers its key', await copy.register(), 401, { error: 'app_id_mismatch' });

const list = await app.sign('GET', '/orders');
expectAnswer('The app lists its orders', await app.send(list), 200, { orders: ['coffee'] });

await service.stop();
service = await start();
app.origin = service.origin;
const tea = await app.sign('POST', '/orders', { item: 'tea' });
expectAnswer('After a restart of the service, the app orders tea', await app.send(tea), 201, { ordered: 'tea' });
expectAnswer('An attacker sends the first request again', await app.send(order), 401, { error: 'challenge_used' });

console.log(failures === 0 ? '\nAll results are as expected.' : `\n${failures} responses are not as expected.`);
process.exitCode = failures === 0 ? 0 : 1;

if (process.argv.includes('--serve')) {
  console.log('The service runs until you stop it.');
} else {
  await service.stop();
}
