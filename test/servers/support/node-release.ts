import { fileURLToPath } from 'node:url';
import type { StoreKind } from './store-kinds.js';

/** The releases of Node.js that `test/sqlite/` installs: the earliest release with `node:sqlite`, and a later release. */
export const NODE_RELEASES = ['node-22', 'node-24'] as const;

export function nodeRelease(name: (typeof NODE_RELEASES)[number]): string {
  return fileURLToPath(new URL(`../../sqlite/node_modules/${name}/bin/node`, import.meta.url));
}

/** Returns the program that runs a process with this kind of store. */
export function programFor(kind: StoreKind): string {
  return kind === 'node:sqlite' ? nodeRelease('node-22') : process.execPath;
}
