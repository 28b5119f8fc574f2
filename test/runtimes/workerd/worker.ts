import { differences } from '../differences.js';
import { type Call, fromJson, outcomesOf, toJson } from '../recorded/calls.js';

/** Verifies the calls in a POST request. Responds to other requests with the differences of its runtime. */
async function respond(request: Request): Promise<Response> {
  if (request.method === 'POST') return new Response(toJson(await outcomesOf(fromJson<Call[]>(await request.text()))));
  return Response.json(Object.fromEntries(Object.entries(differences).map(([name, isSo]) => [name, isSo()])));
}

// workerd runs the default export of a Worker.
export default { fetch: respond };
