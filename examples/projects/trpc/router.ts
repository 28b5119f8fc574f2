import { initTRPC } from '@trpc/server';
import type { StoredKey } from 'app-attest/server';
import { z } from 'zod';

/** The key that signed the HTTP request. */
export interface AttestedContext {
  key: StoredKey;
}

const { router, procedure } = initTRPC.context<AttestedContext>().create();

export const appRouter = router({
  order: procedure.input(z.object({ item: z.string() })).mutation(({ input, ctx }) => {
    return { ordered: input.item, by: ctx.key.keyId };
  }),
  find: procedure.input(z.object({ id: z.string() })).query(({ input, ctx }) => {
    return { order: input.id, by: ctx.key.keyId };
  }),
});

export type AppRouter = typeof appRouter;
