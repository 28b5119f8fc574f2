/** One for each thread that the pool has by default, and one for the calling thread. */
const MAX_WIDTH = 5;

/** What a runtime says of itself: Node.js 20 has no navigator, and older compatibility dates of Workers no `node:os`. */
interface Runtime {
  readonly navigator?: { readonly userAgent: string } | undefined;
  readonly getBuiltinModule?: (name: 'node:os') => { availableParallelism?(): number } | undefined;
}

/**
 * How many pieces of work to do side by side: one for each processor. 0 where there are not two of them; and in a Worker,
 * where a request that waited for the work of another would wait for ever once that one has been answered.
 */
export function roundWidth({ navigator, getBuiltinModule }: Runtime = thisRuntime()): number {
  if (navigator?.userAgent === 'Cloudflare-Workers') return 0;
  const processors = getBuiltinModule?.('node:os')?.availableParallelism?.() ?? 0;
  return processors >= 2 ? Math.min(processors, MAX_WIDTH) : 0;
}

function thisRuntime(): Runtime {
  const { navigator } = globalThis as Pick<Runtime, 'navigator'>;
  return { navigator, getBuiltinModule: (name) => process.getBuiltinModule?.(name) };
}
