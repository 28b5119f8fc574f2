import { differences } from '../differences.js';
import { type Call, fromJson, outcomesOf, toJson } from '../recorded/calls.js';

/** Verifies the calls in a POST request. Responds to other requests with the differences of its runtime. */
async function respond(request: Request): Promise<Response> {
  if (request.method === 'POST') return new Response(toJson(await outcomesOf(fromJson<Call[]>(await request.text()))));
  return Response.json(Object.fromEntries(Object.entries(differences).map(([name, isSo]) => [name, isSo()])));
}

// biome-ignore lint/style/noDefaultExport: Workers require a default export
export default { fetch: respond };
