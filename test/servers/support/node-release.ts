import { fileURLToPath } from 'node:url';
import type { StoreKind } from './store-kinds.js';

/** The releases of Node.js that `test/sqlite/` installs: the earliest release with `node:sqlite`, and a later release. */
export const NODE_RELEASES = ['node-22', 'node-24'] as const;

export function nodeRelease(name: (typeof NODE_RELEASES)[number]): string {
  return fileURLToPath(new URL(`../../sqlite/node_modules/${name}/bin/node`, import.meta.url));
}

/** Returns the options for `fork` of a process with this kind of store. */
export function forkOptions(kind: StoreKind): { execPath: string; execArgv: string[] } {
  if (kind !== 'node:sqlite') return { execPath: process.execPath, execArgv: [] };
  return { execPath: nodeRelease('node-22'), execArgv: ['--disable-warning=ExperimentalWarning'] };
}
