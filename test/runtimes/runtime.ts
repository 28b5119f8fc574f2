import { fileURLToPath } from 'node:url';
import packageJson from './package.json' with { type: 'json' };

/** A runtime that `package.json` installs beside this file. */
export interface Runtime {
  /** The heading of its column in `docs/runtimes.md`: `Node 22`, `Bun`. */
  readonly name: string;
  /** As it names itself, see `running-runtime.ts`: `node 22.1.0`, `bun 1.2.3`. */
  readonly identity: string;
  /** The program, and what comes before the script to run. */
  readonly command: readonly [program: string, ...parameters: string[]];
}

const PROGRAMS: Readonly<Record<string, readonly [program: string, ...parameters: string[]]>> = {
  node: ['bin/node'],
  bun: ['bin/bun'],
  // Its code cache can hold an earlier build at the same path.
  deno: ['deno', 'run', '--allow-all', '--no-lock', '--no-code-cache', '--cached-only'],
};

/** Node's versions, Bun and Deno. */
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
