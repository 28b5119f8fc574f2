import { storeConformance } from '../../src/conformance/index.js';
import { type D1Like, migrate, sqliteStores } from '../../src/stores/sqlite/index.js';

interface Bindings {
  DB: D1Like;
}

/** A Worker that runs the case of the conformance suite whose number is in the path. */
// biome-ignore lint/style/noDefaultExport: Workers need a default export.
export default {
  async fetch(request: Request, { DB }: Bindings): Promise<Response> {
    await migrate(DB);
    const chosen = storeConformance(() => sqliteStores(DB, { timeout: 30 }))[
      Number(new URL(request.url).pathname.slice(1))
    ];
    if (!chosen) return new Response('no such case', { status: 404 });
    const error = await chosen.run().then(() => '', String);
    return Response.json({ name: chosen.name, error });
  },
};
