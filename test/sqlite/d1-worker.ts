import { appAttestOf } from '../../examples/d1.js';
import { storeConformance } from '../../src/conformance/index.js';
import { type D1Like, migrate, sqliteStores } from '../../src/stores/sqlite/index.js';

interface Bindings {
  DB: D1Like;
}

/** A Worker that runs one case of the conformance suite, or the example. The path contains the number of the case, or `example`. */
// Cloudflare runs the default export of a Worker.
export default {
  async fetch(request: Request, { DB }: Bindings): Promise<Response> {
    await migrate(DB);
    const path = new URL(request.url).pathname.slice(1);
    if (path === 'example') return Response.json(await takeTwice(DB));
    const chosen = storeConformance(() => sqliteStores(DB, { timeout: 30 }))[Number(path)];
    if (!chosen) return new Response('no such case', { status: 404 });
    const error = await chosen.run().then(() => '', String);
    return Response.json({ name: chosen.name, error });
  },
};

/** Takes a challenge twice, and returns the outcomes. */
async function takeTwice(DB: D1Like): Promise<string[]> {
  const appAttest = appAttestOf({ DB });
  const { challenge } = await appAttest.issueChallenge({ purpose: 'assertion' });
  const take = () => appAttest.takeChallenge(challenge, { purpose: 'assertion' });
  const outcomes = [];
  for (const _ of [1, 2])
    outcomes.push(
      await take().then(
        () => 'taken',
        (error) => error.code,
      ),
    );
  return outcomes;
}
