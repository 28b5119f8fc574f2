import { differences } from '../differences.js';
import { type Call, fromJson, outcomesOf, toJson } from './calls.js';

/** Verifies what is posted to it, and tells how its runtime differs. */
async function respond(request: Request): Promise<Response> {
  if (request.method === 'POST') return new Response(toJson(await outcomesOf(fromJson<Call[]>(await request.text()))));
  return Response.json(Object.fromEntries(Object.entries(differences).map(([name, isSo]) => [name, isSo()])));
}

// biome-ignore lint/style/noDefaultExport: what Workers call
export default { fetch: respond };
