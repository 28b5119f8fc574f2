import { verify } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { verifyAssertion, verifyAttestation } from '../src/index.js';
import { APP_ID, bareLeaf, recordedOptions, signedRequests } from './evidence.js';
import { median } from './interleaved.js';

export interface Throughput {
  /** Calls a second. */
  readonly rate: number;
  readonly delay: LoopDelay;
}

/** For how long nothing else could run, milliseconds. */
export interface LoopDelay {
  readonly p99: number;
  readonly most: number;
}

/** So many calls in flight at any time, `total` in all. */
async function inFlight(count: number, total: number, run: () => Promise<unknown>): Promise<Throughput> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let left = total;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await run();
    }
  };
  await new Promise((resolve) => setTimeout(resolve, 20));
  delay.enable();
  const start = performance.now();
  await Promise.all(Array.from({ length: count }, lane));
  const seconds = (performance.now() - start) / 1000;
  delay.disable();
  // The timer that measures fires each millisecond at best.
  const milliseconds = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - 1);
  return {
    rate: total / seconds,
    delay: { p99: milliseconds(delay.percentile(99)), most: milliseconds(delay.max) },
  };
}

export interface AttestationThroughput {
  /** The rate with 256 in flight over the rate of one after another. */
  readonly speedup: number;
  /** The same of bare verification in the pool: what the machine has to give. */
  readonly bareSpeedup: number;
  readonly rate: number;
  readonly delay: LoopDelay;
  /** What the machine, and garbage collection, add to one signature at a time. */
  readonly oneByOneDelay: LoopDelay;
  /** With bare verification in the pool, which needs the loop for nothing. */
  readonly bareDelay: LoopDelay;
}

/** Attestations one after another, then 256 in flight at any time, and bare signatures likewise; in turns. */
export async function attestationThroughput(rounds: number, calls: number): Promise<AttestationThroughput> {
  const { hash, message, key, signature } = bareLeaf();
  const bareInPool = () => new Promise<void>((resolve) => verify(hash, message, key, signature, () => resolve()));
  const run = () => verifyAttestation(recordedOptions);
  await inFlight(256, calls, run);

  const results: AttestationThroughput[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const oneByOne = await inFlight(1, calls / 2, run);
    const many = await inFlight(256, calls, run);
    const bare = await inFlight(256, calls, bareInPool);
    const bareOneByOne = await inFlight(1, calls / 4, async () => verify(hash, message, key, signature));
    results.push({
      speedup: many.rate / oneByOne.rate,
      bareSpeedup: bare.rate / bareOneByOne.rate,
      rate: many.rate,
      delay: many.delay,
      oneByOneDelay: oneByOne.delay,
      bareDelay: bare.delay,
    });
  }
  const middle = (of: (result: AttestationThroughput) => number): number => median(results.map(of));
  const middleDelay = (of: (result: AttestationThroughput) => LoopDelay): LoopDelay => ({
    p99: middle((result) => of(result).p99),
    most: middle((result) => of(result).most),
  });
  return {
    speedup: middle(({ speedup }) => speedup),
    bareSpeedup: middle(({ bareSpeedup }) => bareSpeedup),
    rate: middle(({ rate }) => rate),
    delay: middleDelay(({ delay }) => delay),
    oneByOneDelay: middleDelay(({ oneByOneDelay }) => oneByOneDelay),
    bareDelay: middleDelay(({ bareDelay }) => bareDelay),
  };
}

/** 256 assertions in flight, with keys that are ready. */
export function assertionThroughput(calls: number): Promise<Throughput> {
  const [request] = signedRequests(1);
  if (!request) throw new Error('no request');
  const { assertion, payload, publicKey } = request;
  return inFlight(256, calls, () => verifyAssertion({ assertion, payload, publicKey, appId: APP_ID, counter: 0 }));
}
