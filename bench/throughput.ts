import { verify } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { verifyAssertion, verifyAttestation } from '../src/index.js';
import { APP_ID, bareLeaf, recordedOptions, signedRequests } from './evidence.js';
import { median } from './interleaved.js';

export interface Throughput {
  /** Calls per second. */
  readonly rate: number;
  readonly delay: LoopDelay;
}

/** How long the event loop was blocked, in milliseconds. */
export interface LoopDelay {
  readonly p99: number;
  readonly most: number;
}

/** Makes `total` calls, at most `count` of them at the same time. */
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
  // The timer of the measurement fires once per millisecond, so one millisecond is not a delay.
  const milliseconds = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - 1);
  return {
    rate: total / seconds,
    delay: { p99: milliseconds(delay.percentile(99)), most: milliseconds(delay.max) },
  };
}

export interface AttestationThroughput {
  /** The rate of 256 concurrent attestations, divided by the rate of sequential attestations. */
  readonly speedup: number;
  /**
   * The rate of 256 concurrent bare verifications in the pool, divided by the rate of sequential bare verifications. This is the
   * maximum that the machine can reach.
   */
  readonly bareSpeedup: number;
  readonly rate: number;
  readonly delay: LoopDelay;
  /** The delay during sequential attestations. Its causes are mostly the machine and garbage collection. */
  readonly oneByOneDelay: LoopDelay;
  /** The delay during bare verifications in the pool, which do not run on the event loop. */
  readonly bareDelay: LoopDelay;
}

/** Measures attestations and bare verifications, both sequentially and concurrently. Returns the medians of all rounds. */
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

/** Measures 256 concurrent assertions with an existing `KeyObject`. */
export function assertionThroughput(calls: number): Promise<Throughput> {
  const [request] = signedRequests(1);
  if (!request) throw new Error('signedRequests returned no request');
  const { assertion, payload, publicKey } = request;
  return inFlight(256, calls, () => verifyAssertion({ assertion, payload, publicKey, appId: APP_ID, counter: 0 }));
}
