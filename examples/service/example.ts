// The whole picture: the app, a virtual Apple with its devices, the service and its stores. Run it with `npm run example`. Each
// step is printed as it happens. With `npm run example -- --serve`, a page in a browser is the app. The service stores its state
// in Redis if REDIS_URL is set, otherwise in PostgreSQL if DATABASE_URL is set, and otherwise in an SQLite file.
import { App } from './app.js';
import { Journal } from './journal.js';
import { createPageServer } from './page-server.js';
import { play } from './play.js';
import { listenLocally } from './running-server.js';
import { SCENES } from './scenes.js';
import { printEntry } from './terminal.js';
import { createWorld } from './world.js';

/** The bodies that depend on the scenes before them. */
const BODIES: Readonly<Record<string, object>> = {
  list: { orders: ['coffee', 'tea', 'tea'] },
  stamps: { stamps: 3 },
  'stolen-read': { stamps: 3 },
  receipt: { riskMetric: 1 },
};

const { PORT = '0' } = process.env;
const journal = new Journal();
journal.listen(printEntry);
const world = await createWorld(journal, Number(PORT));
console.log(`The service listens on ${world.origin}. Its state is in ${world.place}.`);

if (process.argv.includes('--serve')) {
  const page = await listenLocally(createPageServer(journal, world.outside, world.origin), 0);
  world.pages.add(page.origin);
  console.log(`Open ${page.origin} in a browser. The example runs until you stop it.`);
} else {
  const app = new App(world.origin, world.outside.plugin('phone'));
  let failures = 0;
  for (const scene of SCENES) {
    const { isExpected } = await play(scene, { app, ...world }, BODIES[scene.name]);
    if (!isExpected) failures += 1;
  }
  await world.stop();
  console.log(failures === 0 ? '\nAll results are as expected.' : `\n${failures} responses are not as expected.`);
  process.exitCode = failures === 0 ? 0 : 1;
}
