import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { median } from './interleaved.js';

const require = createRequire(import.meta.url);
const distribution = new URL('../../dist/', import.meta.url);

const MODULES = {
  'app-attest': new URL('index.js', distribution).href,
  'app-attest, CommonJS': new URL('index.cjs', distribution).href,
  'node-app-attest': pathToFileURL(require.resolve('node-app-attest')).href,
  'node:crypto': 'node:crypto',
} as const;

export type ColdStarts = Record<keyof typeof MODULES, number>;

/** Returns the median time to import each module in a new process, in milliseconds. Each round imports every module once. */
export function coldStarts(rounds: number): ColdStarts {
  const times = Object.keys(MODULES).map((name) => [name, [] as number[]] as const);
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, of] of times) of.push(importTime(MODULES[name as keyof ColdStarts]));
  }
  return Object.fromEntries(times.map(([name, of]) => [name, median(of)])) as ColdStarts;
}

function importTime(module: string): number {
  const script = `const start = performance.now(); await import(${JSON.stringify(module)}); console.log(performance.now() - start)`;
  return Number(execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' }));
}
