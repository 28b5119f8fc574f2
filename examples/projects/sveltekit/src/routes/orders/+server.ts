import { protect } from '$lib/server/app-attest';
import type { RequestHandler } from './$types';

const order = protect(async (request, { key }) => {
  const { item } = await request.json();
  return Response.json({ ordered: item, by: key.keyId });
});

export const POST: RequestHandler = ({ request }) => order(request);
