import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bun needs the flag `--expose-gc` at its start to call the garbage collector. V8 accepts the flag at any time. */
const collectGarbage: () => void = globalThis.gc ?? exposedCollector();

const MEGABYTE = 1024 * 1024;

export interface Cost {
  /** The processor time, which does not depend on how busy the machine is. */
  milliseconds: number;
  megabytes: number;
}

/** The lowest cost of an attempt in several runs. Single runs may include compilation or garbage collection. */
export async function costOf(attempt: () => Promise<unknown>, runs = 3): Promise<Cost> {
  let milliseconds = Number.POSITIVE_INFINITY;
  let megabytes = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run += 1) {
    const before = memoryInUse();
    const start = process.cpuUsage();
    await attempt();
    const { user, system } = process.cpuUsage(start);
    milliseconds = Math.min(milliseconds, (user + system) / 1000);
    megabytes = Math.min(megabytes, (memoryAllocated() - before) / MEGABYTE);
  }
  return { milliseconds, megabytes };
}

/** The bytes that are in use after garbage collection. */
export function memoryInUse(): number {
  collectGarbage();
  return memoryAllocated();
}

function memoryAllocated(): number {
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

function exposedCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc');
}
