import { protect } from '$lib/server/app-attest';
import type { RequestEvent, RequestHandler } from './$types';

const find = protect(async (_request, { key }, { params }: RequestEvent) => {
  return Response.json({ order: params.id, by: key.keyId });
});

export const GET: RequestHandler = (event) => find(event.request, event);
