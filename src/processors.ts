/** What may be asked of a runtime: Node.js 20 has no navigator, and older compatibility dates of Workers no `node:os`. */
interface Runtime {
  readonly navigator?: { readonly userAgent: string };
  readonly process: Partial<Pick<NodeJS.Process, 'getBuiltinModule'>>;
}

/**
 * How many pieces of work can be done side by side; 0 where that cannot be known, and in a Worker, where a request that
 * waited for another one's work would wait for ever once that one has been answered.
 */
export function countProcessors({ navigator, process }: Runtime = globalThis): number {
  if (navigator?.userAgent === 'Cloudflare-Workers') return 0;
  return process.getBuiltinModule?.('node:os')?.availableParallelism() ?? 0;
}
