import { fileURLToPath } from 'node:url';
import packageJson from './package.json' with { type: 'json' };

/** A runtime that `package.json` in this folder installs. */
export interface Runtime {
  /** The column heading in `docs/runtimes.md`, such as `Node 22` or `Bun`. */
  readonly name: string;
  /** The name that `running-runtime.ts` returns on this runtime, such as `node 22.1.0` or `bun 1.2.3`. */
  readonly identity: string;
  /** The program and the arguments before the script. */
  readonly command: readonly [program: string, ...parameters: string[]];
}

const PROGRAMS: Readonly<Record<string, readonly [program: string, ...parameters: string[]]>> = {
  node: ['bin/node'],
  bun: ['bin/bun'],
  // Deno's code cache can contain an earlier build with the same path.
  deno: ['deno', 'run', '--allow-all', '--no-lock', '--no-code-cache', '--cached-only'],
};

/** All versions of Node, Bun and Deno. */
export const runtimes: readonly Runtime[] = Object.entries(packageJson.devDependencies).flatMap(
  ([dependency, spec]) => {
    const [kind = '', major] = dependency.split('-');
    const [program, ...parameters] = PROGRAMS[kind] ?? [];
    if (program === undefined) return [];
    const name = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}${major === undefined ? '' : ` ${major}`}`;
    const path = fileURLToPath(new URL(`node_modules/${dependency}/${program}`, import.meta.url));
    const version = spec.slice(spec.lastIndexOf('@') + 1);
    return [{ name, identity: `${kind} ${version}`, command: [path, ...parameters] }];
  },
);
