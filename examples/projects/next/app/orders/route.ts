import type { NextRequest } from 'next/server';
import { protect } from '../../app-attest';

export const POST = protect(async (request: NextRequest, { key }) => {
  const { item } = await request.json();
  const isGift = request.nextUrl.searchParams.has('gift');
  return Response.json({ ordered: item, isGift, by: key.keyId });
});
