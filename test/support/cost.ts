import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bun has a collector to call under `--expose-gc` only; V8 takes the flag at any time. */
const collectGarbage: () => void = globalThis.gc ?? exposedCollector();

const MEGABYTE = 1024 * 1024;

export interface Cost {
  /** Of processor time, which a busy machine does not make longer. */
  milliseconds: number;
  megabytes: number;
}

/** The least that an attempt costs in some runs: the first ones may also compile it, or clean up after others. */
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

/** What is still in use once the garbage is collected, in bytes. */
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
