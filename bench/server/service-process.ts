// Runs the example service in a separate process, with an additional unprotected route. Exchanges messages with bench.ts.
import { once } from 'node:events';
import { createAppAttest } from 'app-attest/server';
import express from 'express';
import { createService } from '../../examples/service/service.js';
import { openStores } from '../../examples/service/stores.js';
import { Profile } from './profile.js';
import { StoreClock } from './store-clock.js';

const { APP_ID = '', TRUST_ANCHOR = '' } = process.env;
const { place, stores } = await openStores();
const clock = new StoreClock();
const appAttest = createAppAttest({
  appId: APP_ID,
  trustAnchors: [TRUST_ANCHOR],
  challenges: clock.watch(stores.challenges),
  keys: clock.watch(stores.keys),
  challengeTtl: 3600, // long, because challenges are issued before the measurement starts
});

const app = createService(appAttest, ({ code, error }) => {
  if (error) console.error(code, error.message);
});
app.post('/unprotected', express.json(), (request, response) => {
  response.status(201).json({ ordered: request.body.item });
});

const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
if (address === null || typeof address === 'string') throw new Error('the service has no port');
process.send?.({ origin: `http://127.0.0.1:${address.port}`, place });

const profile = new Profile();
process.on('message', async (message) => {
  if (message === 'start') {
    clock.reset();
    await profile.start();
    process.send?.({ started: true });
  }
  if (message === 'stop') process.send?.({ shares: await profile.stop(), roundTrips: clock.averages() });
});
