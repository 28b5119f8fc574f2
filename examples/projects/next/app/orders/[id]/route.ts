import type { NextRequest } from 'next/server';
import { protect } from '../../../app-attest';

type Context = { params: Promise<{ id: string }> };

export const GET = protect(async (_request: NextRequest, { key }, { params }: Context) => {
  const { id } = await params;
  return Response.json({ order: id, by: key.keyId });
});
